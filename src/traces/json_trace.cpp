// Request traces of one JSON object a line: Mooncake's, and Qwen-Bailian's, which names its chats,
// counts time in seconds and cuts blocks of 16 tokens. Either may have the fields of epfleet's CSV.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "csv_format.h"
#include "epfleet/text/line_reader.h"
#include "epfleet/text/parse.h"
#include "epfleet/traces/request_trace.h"
#include "trace_fields.h"
#include "trace_formats.h"

namespace epfleet::traces {
namespace {

namespace json = simdjson::ondemand;

constexpr unsigned kTime = 1, kInput = 2, kOutput = 4, kBlocks = 8;
constexpr unsigned kFirstField = 16;  // and those that follow, in the order of trace_fields()
constexpr unsigned kNeeded = kTime | kInput | kOutput;
constexpr std::string_view kNames[] = {"timestamp", "input_length", "output_length", "hash_ids"};
constexpr std::size_t kPadding = text::LineReader::kPadding;
static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

class JsonFormat final : public LineFormat {
 public:
  // `others`: keys of the format that are of no use.
  JsonFormat(ReadField* read_time, const TraceOptions& options,
             std::vector<std::string_view> others)
      : read_time_(read_time), options_(options), others_(std::move(others)) {}

  void parse(std::string_view line, TraceRecord& record) override {
    found_ = 0;
    std::vector<workload::BlockId> blocks = std::move(record.blocks);  // keeps its memory
    record = {};
    record.blocks = std::move(blocks);
    record.blocks.clear();
    try {
      read_object(line, [&](std::string_view key, json::value value) {
        read_field(options_.our_name(key), value, record);
      });
    } catch (const simdjson::simdjson_error& error) {
      throw LineFault{
          kNotJson, fmt::format("is not a JSON object: {}", error.what()),
          text::trimmed(line) == "{" ? "one object a line: jq -c ." : "the line may be cut"};
    }
    if ((found_ & kNeeded) != kNeeded) {
      throw missing(line);
    }
    if (has_blocks_ && *has_blocks_ != ((found_ & kBlocks) != 0)) {
      throw LineFault{kMissing,
                      *has_blocks_ ? "a value is missing: hash_ids, which the first line has"
                                   : "hash_ids is there, which the first line does not have",
                      "give them to every request, or to none"};
    }
  }

  std::span<const std::string> unread() const override { return unread_; }

  // What the first line has. A line that is wrong is for the reader to tell.
  void look_at(std::string_view line, TraceInfo& info) {
    TraceRecord record;
    try {
      parse(line, record);
    } catch (const LineFault&) {
      return;
    }
    has_blocks_ = (found_ & kBlocks) != 0;
    info.block_tokens = *has_blocks_ ? info.block_tokens : 0;
    info.fields = found_ / kFirstField;
  }

 private:
  template <class Read>
  void read_object(std::string_view line, Read read) {
    json::document document = parser_.iterate(line.data(), line.size(), line.size() + kPadding);
    json::object object = document.get_object();
    for (auto field : object) {
      const std::string_view key = field.unescaped_key();
      read(key, field.value());
    }
    if (document.current_location().error() == simdjson::SUCCESS) {
      throw LineFault{kNotJson, "something follows the JSON object", "one object a line"};
    }
  }

  void read_field(std::string_view key, json::value value, TraceRecord& record) {
    if (key == kNames[0]) {
      find(kTime, key);
      read_as_text(key, value, [&](std::string_view text, bool quoted) {
        (quoted ? read_date : read_time_)(text, record);
      });
    } else if (key == kNames[1]) {
      find(kInput, key);
      record.input = length_in(key, value);
    } else if (key == kNames[2]) {
      find(kOutput, key);
      record.output = length_in(key, value);
    } else if (key == kNames[3]) {
      find(kBlocks, key);
      read_blocks(value, record.blocks);
    } else if (!read_other(key, value, record)) {
      note_unread(key);
    }
  }

  bool read_other(std::string_view key, json::value value, TraceRecord& record) {
    const auto fields = trace_fields();
    const auto field = std::ranges::find(fields, key, &TraceField::name);
    if (field == fields.end()) {
      return false;
    }
    find(kFirstField << static_cast<unsigned>(field - fields.begin()), key);
    read_as_text(key, value, [&](std::string_view text, bool /*quoted*/) {
      const bool yes_or_no = text == "true" || text == "false";
      field->read(yes_or_no ? (text == "true" ? "1" : "0") : text, record);
    });
    return true;
  }

  // A number, a word or a text without its quotes.
  template <class Read>
  static void read_as_text(std::string_view key, json::value& value, Read read) {
    std::string_view text = text::trimmed_end(value.raw_json_token());
    const bool quoted = text.size() > 1 && text.front() == '"';
    if (quoted) {
      text = value.get_string();
    }
    try {
      read(text, quoted);
    } catch (LineFault& fault) {
      fault.what = fmt::format("{}: {}", key, fault.what);
      throw;
    }
  }

  void find(unsigned which, std::string_view key) {
    if ((found_ & which) != 0) {
      throw LineFault{kNotJson, fmt::format("{} is there twice", key), ""};
    }
    found_ |= which;
  }

  void note_unread(std::string_view key) {
    constexpr std::size_t kMost = 20;
    if (unread_.size() < kMost && std::ranges::find(others_, key) == others_.end() &&
        std::ranges::find(unread_, key) == unread_.end()) {
      unread_.emplace_back(key);
    }
  }

  LineFault missing(std::string_view line) {
    std::vector<std::string> there, not_there;
    read_object(line,
                [&](std::string_view key, json::value /*value*/) { there.emplace_back(key); });
    for (unsigned i = 0; i < 3; ++i) {
      if ((found_ & (1U << i)) == 0) {
        not_there.emplace_back(kNames[i]);
      }
    }
    return {kMissing,
            fmt::format("a value is missing: {}; the line has {}", fmt::join(not_there, ", "),
                        there.empty() ? "none" : fmt::to_string(fmt::join(there, ", "))),
            fmt::format("--column {}=NAME (workload.trace.columns) reads it from another key, and "
                        "--time-unit tells the unit of times; known formats are {}",
                        not_there.front(), known_formats())};
  }

  static std::int64_t length_in(std::string_view key, json::value& value) {
    std::int64_t tokens = 0;
    if (const auto error = value.get_int64().get(tokens); error != simdjson::SUCCESS) {
      throw LineFault{error == simdjson::NUMBER_OUT_OF_RANGE ? kTooLarge : kNotANumber,
                      fmt::format("{}: not a whole number", key), "give digits only"};
    }
    if (tokens < 0) {
      throw LineFault{kNegative, fmt::format("{}: {} is negative", key, tokens), ""};
    }
    if (tokens > kMostTraceTokens) {
      throw LineFault{kTooLarge, fmt::format("{}: {} is too large", key, tokens),
                      "a prompt or an answer has at most 16,777,216 tokens"};
    }
    return tokens;
  }

  static void read_blocks(json::value& value, std::vector<workload::BlockId>& blocks) {
    json::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) {
      throw LineFault{kNotJson, "hash_ids: not a list", ""};
    }
    for (auto element : array) {
      json::value item;
      if (element.get(item) != simdjson::SUCCESS) {
        throw LineFault{kNotJson, "hash_ids: the list is cut", ""};
      }
      std::int64_t negative = 0;  // hashes may be printed with a sign
      std::string_view word;      // or as a text
      if (item.get_uint64().get(blocks.emplace_back()) == simdjson::SUCCESS) {
        continue;
      }
      if (item.get_int64().get(negative) == simdjson::SUCCESS) {
        blocks.back() = static_cast<std::uint64_t>(negative);
      } else if (item.get_string().get(word) == simdjson::SUCCESS) {
        blocks.back() = id_in(word);
      } else {
        throw LineFault{kNotANumber, "hash_ids: an id is neither a whole number nor a text", ""};
      }
    }
  }

  ReadField* read_time_;
  TraceOptions options_;
  std::vector<std::string_view> others_;
  json::parser parser_;
  unsigned found_ = 0;
  std::optional<bool> has_blocks_;
  std::vector<std::string> unread_;
};

// Whether the rest of the line is whole is for parse() to say.
bool is_json(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != line.npos && line[first] == '{';
}

std::unique_ptr<LineFormat> make_json_format(std::string_view first_line,
                                             const TraceOptions& options, TraceInfo& info,
                                             std::string_view unit, std::int64_t block_tokens,
                                             std::vector<std::string_view> others) {
  info.time_unit = options.time_unit.empty() ? std::string(unit) : options.time_unit;
  info.block_tokens = block_tokens;
  auto format =
      std::make_unique<JsonFormat>(time_reader(info.time_unit), options, std::move(others));
  format->look_at(first_line, info);
  return format;
}

}  // namespace

std::unique_ptr<LineFormat> make_mooncake_format(std::string_view first_line,
                                                 const TraceOptions& options, TraceInfo& info) {
  constexpr std::int64_t kBlock = 512;  // FAST25-release, README
  return is_json(first_line) ? make_json_format(first_line, options, info, "ms", kBlock, {})
                             : nullptr;
}

std::unique_ptr<LineFormat> make_bailian_format(std::string_view first_line,
                                                const TraceOptions& options, TraceInfo& info) {
  constexpr std::int64_t kBlock = 16;  // qwen-bailian-usagetraces-anon, README
  return is_json(first_line) && first_line.find("\"chat_id\"") != first_line.npos
             ? make_json_format(first_line, options, info, "s", kBlock,
                                {"chat_id", "parent_chat_id", "type"})
             : nullptr;
}

}  // namespace epfleet::traces
