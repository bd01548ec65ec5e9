#include "csv_format.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "epfleet/text/csv_row.h"
#include "epfleet/text/parse.h"
#include "trace_fields.h"

namespace epfleet::traces {
namespace {

class CsvFormat final : public LineFormat {
 public:
  CsvFormat(std::vector<Holds> columns, std::vector<std::string> names)
      : columns_(std::move(columns)), names_(std::move(names)) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] != Holds::Nothing) {
        used_.push_back(i);
      }
    }
  }

  std::optional<LineFault> parse(std::string_view line, TraceRecord& record) override {
    row_.split(line);
    if (row_.size() != columns_.size() || row_.is_open()) {
      return LineFault{
          kWrongFields, static_cast<int>(line.size()) + 1,
          fmt::format("{} fields where the header has {}", row_.size(), columns_.size()),
          "give every column a value"};
    }
    for (const std::size_t i : used_) {
      if (auto fault = read(columns_[i], row_[i], record)) {
        fault->column = row_.column(i);
        fault->what = fmt::format("{}: {}", names_[i], fault->what);
        return fault;
      }
    }
    return std::nullopt;
  }

 private:
  static std::optional<LineFault> read(Holds holds, std::string_view text, TraceRecord& record) {
    std::uint64_t turn = 0;
    switch (holds) {
      case Holds::Seconds:
        return read_seconds(text, record.time);
      case Holds::Milliseconds:
        return read_milliseconds(text, record.time);
      case Holds::Date:
        return read_date(text, record.time);
      case Holds::Input:
        return read_tokens(text, record.input);
      case Holds::Output:
        return read_tokens(text, record.output);
      case Holds::Reasoning:
        return read_tokens(text, record.reasoning);
      case Holds::Cached:
        return read_tokens(text, record.cached.emplace());
      case Holds::Session:
        return read_count(text, record.session);
      case Holds::Turn: {
        auto fault = read_count(text, turn);
        record.turn = static_cast<std::uint32_t>(turn);
        return fault;
      }
      case Holds::SessionTokens:
        return read_tokens(text, record.session_tokens);
      case Holds::SharedPrefix:
        return read_count(text, record.shared_prefix);
      case Holds::SharedTokens:
        return read_tokens(text, record.shared_tokens);
      case Holds::LastTurn:
        return read_flag(text, record.last_turn);
      case Holds::VariantName:
        return read_variant(text, record.variant);
      case Holds::ChannelName:
        return read_channel(text, record.channel);
      case Holds::Blocks:
        return read_blocks(text, record.blocks);
      case Holds::Nothing:
        break;
    }
    return std::nullopt;
  }

  std::vector<Holds> columns_;
  std::vector<std::string> names_;
  std::vector<std::size_t> used_;  // columns that hold something
  text::CsvRow row_;
};

std::vector<std::string> header_names(std::string_view header) {
  text::CsvRow row;
  row.split(header);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < row.size(); ++i) {
    names.emplace_back(row[i]);
  }
  return names;
}

bool stands_for(const CsvColumn& column, std::string_view name) {
  return column.name.ends_with('*')
             ? name.starts_with(column.name.substr(0, column.name.size() - 1))
             : name == column.name;
}

bool has_needed(std::span<const CsvColumn> columns, const std::vector<std::string>& names) {
  return std::ranges::all_of(columns, [&](const CsvColumn& column) {
    return !column.needed || std::ranges::any_of(names, [&](const std::string& name) {
      return stands_for(column, name);
    });
  });
}

// What stands behind the last _ of block_ids_512, 0 if that is no sensible count.
std::int64_t block_tokens_of(std::string_view name) {
  constexpr std::int64_t kMostBlock = 65'536;
  const auto tokens = text::parse_whole<std::int64_t>(name.substr(name.rfind('_') + 1));
  return tokens > 0 && tokens <= kMostBlock ? *tokens : 0;
}

}  // namespace

std::unique_ptr<LineFormat> make_csv_format(std::span<const CsvColumn> columns,
                                            std::string_view header, TraceInfo& info,
                                            std::optional<LineFault>& fault) {
  std::vector<std::string> names = header_names(header);
  if (!has_needed(columns, names)) {
    return nullptr;
  }
  std::vector<Holds> holds(names.size(), Holds::Nothing);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const CsvColumn& column : columns) {
      if (stands_for(column, names[i])) {
        holds[i] = column.holds;
      }
    }
    if (holds[i] == Holds::Blocks) {
      info.block_tokens = block_tokens_of(names[i]);
      if (info.block_tokens == 0) {
        fault = {kBadValue, 1, fmt::format("the column {} names no block size", names[i]),
                 "write for example block_ids_512"};
      }
    }
    if (holds[i] != Holds::Nothing && std::count(names.begin(), names.end(), names[i]) > 1) {
      fault = {kWrongFields, 1, fmt::format("the column {} is there twice", names[i]),
               "rename one of them"};
    }
  }
  info.sessions = std::ranges::count(holds, Holds::Session) > 0;
  info.states_hits = std::ranges::count(holds, Holds::Cached) > 0;
  return std::make_unique<CsvFormat>(std::move(holds), std::move(names));
}

}  // namespace epfleet::traces
