// Request traces in CSV. A format is a list of column names and what they hold; columns may come in
// any order and others are ignored.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "epfleet/text/parse.h"
#include "line_format.h"
#include "trace_fields.h"

namespace epfleet::traces {
namespace {

enum class Holds : std::uint8_t {
  Nothing,
  Seconds,
  Date,
  Input,
  Output,
  Reasoning,
  Cached,
  Session,
  Turn,
  SessionTokens,
  SharedPrefix,
  SharedTokens,
  LastTurn,
  VariantName,
  ChannelName,
  Blocks,
};

struct Column {
  std::string_view name;
  Holds holds;
  bool needed = true;
};

struct Dialect {
  TraceFormat format;
  std::vector<Column> columns;
};

constexpr std::string_view kBlocksPrefix = "block_ids_";  // behind it: tokens of a block

const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> kDialects = {
      {TraceFormat::Azure,
       {{"TIMESTAMP", Holds::Date},
        {"ContextTokens", Holds::Input},
        {"GeneratedTokens", Holds::Output}}},
      {TraceFormat::BurstGpt,
       {{"Timestamp", Holds::Seconds},
        {"Request tokens", Holds::Input},
        {"Response tokens", Holds::Output}}},
      {TraceFormat::Vidur,
       {{"arrived_at", Holds::Seconds},
        {"num_prefill_tokens", Holds::Input},
        {"num_decode_tokens", Holds::Output}}},
      {TraceFormat::Epfleet,
       {{"arrival_s", Holds::Seconds},
        {"input_tokens", Holds::Input},
        {"output_tokens", Holds::Output},
        {"reasoning_tokens", Holds::Reasoning, false},
        {"cached_tokens", Holds::Cached, false},
        {"session", Holds::Session, false},
        {"turn", Holds::Turn, false},
        {"session_tokens", Holds::SessionTokens, false},
        {"shared_prefix", Holds::SharedPrefix, false},
        {"shared_tokens", Holds::SharedTokens, false},
        {"last_turn", Holds::LastTurn, false},
        {"variant", Holds::VariantName, false},
        {"channel", Holds::ChannelName, false}}},
  };
  return kDialects;
}

class CsvFormat final : public LineFormat {
 public:
  CsvFormat(std::vector<Holds> columns, std::vector<std::string> names)
      : columns_(std::move(columns)), names_(std::move(names)) {}

  std::optional<LineFault> parse(std::string_view line, TraceRecord& record) override {
    const char* at = line.data();
    const char* end = at + line.size();
    std::size_t column = 0;
    while (true) {
      const auto* comma =
          static_cast<const char*>(std::memchr(at, ',', static_cast<std::size_t>(end - at)));
      const char* stop = comma != nullptr ? comma : end;
      if (column == columns_.size()) {
        return too_many(line);
      }
      if (columns_[column] != Holds::Nothing) {
        const auto text = text::trimmed({at, static_cast<std::size_t>(stop - at)});
        if (auto fault = read(columns_[column], text, record)) {
          fault->column = static_cast<int>(at - line.data()) + 1;
          fault->what = fmt::format("{}: {}", names_[column], fault->what);
          return fault;
        }
      }
      ++column;
      if (comma == nullptr) {
        break;
      }
      at = comma + 1;
    }
    if (column < columns_.size()) {
      return wrong_count(line, column);
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] LineFault too_many(std::string_view line) const {
    return wrong_count(line,
                       1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')));
  }
  [[nodiscard]] LineFault wrong_count(std::string_view line, std::size_t count) const {
    return {kWrongFields, static_cast<int>(line.size()) + 1,
            fmt::format("{} fields where the header has {}", count, columns_.size()),
            "give every column a value; quoted commas are not known"};
  }

  static std::optional<LineFault> read(Holds holds, std::string_view text, TraceRecord& record) {
    std::uint64_t turn = 0;
    switch (holds) {
      case Holds::Seconds:
        return read_seconds(text, record.time);
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
};

std::vector<std::string> header_names(std::string_view header) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (header.starts_with(kByteOrderMark)) {
    header.remove_prefix(kByteOrderMark.size());
  }
  std::vector<std::string> names;
  while (true) {
    const auto comma = std::min(header.find(','), header.size());
    std::string_view name = text::trimmed(header.substr(0, comma));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
    }
    names.emplace_back(name);
    if (comma == header.size()) {
      return names;
    }
    header.remove_prefix(comma + 1);
  }
}

bool has_needed(const Dialect& dialect, const std::vector<std::string>& names) {
  return std::ranges::all_of(dialect.columns, [&](const Column& column) {
    return !column.needed || std::ranges::find(names, column.name) != names.end();
  });
}

// What stands behind block_ids_, 0 if that is no sensible count.
std::int64_t block_tokens_of(std::string_view name) {
  constexpr std::int64_t kMostBlock = 65'536;
  const auto tokens = text::parse_whole<std::int64_t>(name.substr(kBlocksPrefix.size()));
  return tokens > 0 && tokens <= kMostBlock ? *tokens : 0;
}

}  // namespace

std::unique_ptr<LineFormat> make_csv_format(std::string_view header, TraceInfo& info,
                                            std::optional<LineFault>& fault) {
  std::vector<std::string> names = header_names(header);
  const auto dialect =
      std::ranges::find_if(dialects(), [&](const Dialect& d) { return has_needed(d, names); });
  if (dialect == dialects().end()) {
    return nullptr;
  }
  info.format = dialect->format;
  std::vector<Holds> holds(names.size(), Holds::Nothing);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const Column& column : dialect->columns) {
      if (column.name == names[i]) {
        holds[i] = column.holds;
      }
    }
    if (dialect->format == TraceFormat::Epfleet && names[i].starts_with(kBlocksPrefix)) {
      holds[i] = Holds::Blocks;
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
