#include "csv_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "epfleet/text/csv_row.h"
#include "epfleet/text/nearest_word.h"
#include "epfleet/text/parse.h"
#include "epfleet/text/quote.h"
#include "trace_fields.h"

namespace epfleet::traces {
namespace {

class CsvFormat final : public LineFormat {
 public:
  struct Column {
    std::size_t place;
    std::string name;
    ReadField* read;
  };

  CsvFormat(std::size_t width, std::vector<Column> used) : width_(width), used_(std::move(used)) {}

  void parse(std::string_view line, TraceRecord& record) override {
    row_.split(line);
    if (row_.size() != width_ || row_.is_open()) {
      throw LineFault{kWrongFields,
                      fmt::format("{} fields where the header has {}", row_.size(), width_),
                      "give every column a value", static_cast<int>(line.size()) + 1};
    }
    for (const Column& column : used_) {
      try {
        column.read(row_[column.place], record);
      } catch (LineFault& fault) {
        fault.column = row_.column(column.place);
        fault.what = fmt::format("{}: {}", column.name, fault.what);
        throw;
      }
    }
  }

 private:
  std::size_t width_;
  std::vector<Column> used_;
  text::CsvRow row_;
};

bool stands_for(const CsvColumn& column, std::string_view name) {
  return column.name.ends_with('*')
             ? name.starts_with(column.name.substr(0, column.name.size() - 1))
             : name == column.name;
}

// What stands behind the last _ of block_ids_512.
std::int64_t block_tokens_of(std::string_view name) {
  const auto tokens = text::parse_whole<std::int64_t>(name.substr(name.rfind('_') + 1));
  if (!tokens || *tokens <= 0 || *tokens > kMostBlock) {
    throw LineFault{kBadValue, fmt::format("the column {} names no block size", name),
                    "write for example block_ids_512"};
  }
  return *tokens;
}

LineFault unknown_column(const text::CsvRow& names, std::size_t i,
                         std::span<const CsvColumn> columns) {
  std::vector<std::string> known;
  for (const CsvColumn& column : columns) {
    known.emplace_back(column.name.ends_with('*') ? "block_ids_512" : column.name);
  }
  const std::string nearest = text::nearest_word(names[i], known);
  return {kWrongFields, fmt::format("there is no column '{}'", names[i]),
          (nearest.empty() ? std::string() : fmt::format("did you mean '{}'? ", nearest)) +
              fmt::format("the columns are {}", fmt::join(known, ", ")),
          names.column(i)};
}

// What must hold between the columns of epfleet's own format.
void check_own(const TraceInfo& info) {
  const auto needs = [&](Field has, const char* column, Field needed, const char* other) {
    if (info.has(has) && !info.has(needed)) {
      throw LineFault{kWrongFields, fmt::format("the column {} needs {}", column, other),
                      "add it, or leave out both"};
    }
  };
  needs(Field::SessionTokens, "session_tokens", Field::Session, "session");
  needs(Field::SharedPrefix, "shared_prefix", Field::SharedTokens, "shared_tokens");
}

// The header with the names that the columns have to us.
std::string renamed(std::string_view header, const TraceOptions& options) {
  text::CsvRow names;
  names.split(header);
  std::string ours;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ours += (i > 0 ? "," : "") + text::csv_field(options.our_name(names[i]));
  }
  return ours;
}

void check_renamed(const text::CsvRow& names, const TraceOptions& options) {
  for (const auto& [ours, theirs] : options.columns) {
    bool is_there = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      is_there = is_there || names[i] == ours;
    }
    if (!is_there) {
      throw LineFault{kWrongFields,
                      fmt::format("there is no column {} to be read as {}", theirs, ours),
                      "check --column (workload.trace.columns) against the header"};
    }
  }
}

// As far as it has a unit: not dates.
void set_time_unit(CsvFormat::Column& column, const TraceOptions& options, TraceInfo& info) {
  if (column.read != read_seconds && column.read != read_milliseconds) {
    return;
  }
  info.time_unit = column.read == read_seconds ? "s" : "ms";
  if (options.time_unit.empty() || options.time_unit == info.time_unit) {
    return;
  }
  column.read = time_reader(options.time_unit);
  info.time_unit = options.time_unit;
}

}  // namespace

std::unique_ptr<LineFormat> make_csv_format(std::span<const CsvColumn> columns,
                                            std::string_view header, const TraceOptions& options,
                                            TraceInfo& info, bool is_closed) {
  const std::string ours = renamed(header, options);
  text::CsvRow names;
  names.split(ours);
  std::vector<CsvFormat::Column> used;
  std::vector<bool> known(names.size(), false);
  std::size_t block_columns = 0;
  TraceInfo found = info;
  for (const CsvColumn& column : columns) {
    bool is_there = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!stands_for(column, names[i])) {
        continue;
      }
      is_there = known[i] = true;
      if (column.read != nullptr) {
        used.push_back({i, std::string(names[i]), column.read});
      }
      if (column.field) {
        found.set(*column.field);
      }
    }
    if (column.needed && !is_there) {
      return nullptr;
    }
  }
  info = found;
  check_renamed(names, options);
  std::ranges::sort(used, {}, &CsvFormat::Column::place);
  for (CsvFormat::Column& column : used) {
    if (std::ranges::count(used, column.name, &CsvFormat::Column::name) > 1) {
      throw LineFault{kWrongFields, fmt::format("the column {} is there twice", column.name),
                      "rename one of them"};
    }
    const bool sized = column.read == read_blocks;
    if (sized || column.read == read_hashes) {
      info.block_tokens = sized ? block_tokens_of(column.name) : kBlockToBeSeen;
      ++block_columns;
    }
    set_time_unit(column, options, info);
  }
  if (block_columns > 1) {
    throw LineFault{kWrongFields, "there are two columns of block ids", "leave one of them"};
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!known[i] && is_closed) {
      throw unknown_column(names, i, columns);
    }
    if (!known[i]) {
      info.unread.emplace_back(names[i]);
    }
  }
  return std::make_unique<CsvFormat>(names.size(), std::move(used));
}

std::unique_ptr<LineFormat> make_own_format(std::string_view header, const TraceOptions& options,
                                            TraceInfo& info) {
  static const std::vector<CsvColumn> kColumns = [] {
    std::vector<CsvColumn> all{{"arrival_s", read_seconds},
                               {"input_tokens", read_tokens<&TraceRecord::input>},
                               {"output_tokens", read_tokens<&TraceRecord::output>}};
    for (const TraceField& field : trace_fields()) {
      const auto index = static_cast<std::size_t>(&field - trace_fields().data());
      all.push_back({field.name, field.read, false, static_cast<Field>(index)});
    }
    all.push_back({"block_ids_*", read_blocks, false});
    return all;
  }();
  auto format = make_csv_format(kColumns, header, options, info, true);
  if (format) {
    check_own(info);
  }
  return format;
}

}  // namespace epfleet::traces
