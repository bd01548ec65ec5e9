#include "csv_format.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "epfleet/text/csv_row.h"
#include "epfleet/text/parse.h"

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
  constexpr std::int64_t kMostBlock = 65'536;
  const auto tokens = text::parse_whole<std::int64_t>(name.substr(name.rfind('_') + 1));
  if (!tokens || *tokens <= 0 || *tokens > kMostBlock) {
    throw LineFault{kBadValue, fmt::format("the column {} names no block size", name),
                    "write for example block_ids_512"};
  }
  return *tokens;
}

}  // namespace

std::unique_ptr<LineFormat> make_csv_format(std::span<const CsvColumn> columns,
                                            std::string_view header, TraceInfo& info) {
  text::CsvRow names;
  names.split(header);
  std::vector<CsvFormat::Column> used;
  for (const CsvColumn& column : columns) {
    const std::size_t before = used.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (stands_for(column, names[i])) {
        used.push_back({i, std::string(names[i]), column.read});
      }
    }
    if (column.needed && used.size() == before) {
      return nullptr;
    }
  }
  std::ranges::sort(used, {}, &CsvFormat::Column::place);
  for (const CsvFormat::Column& column : used) {
    if (std::ranges::count(used, column.name, &CsvFormat::Column::name) > 1) {
      throw LineFault{kWrongFields, fmt::format("the column {} is there twice", column.name),
                      "rename one of them"};
    }
    if (column.read == read_blocks) {
      info.block_tokens = block_tokens_of(column.name);
    }
    info.sessions |= column.read == read_count<&TraceRecord::session>;
    info.states_hits |= column.read == read_tokens<&TraceRecord::cached>;
  }
  return std::make_unique<CsvFormat>(names.size(), std::move(used));
}

}  // namespace epfleet::traces
