// Request traces of one JSON object a line: Mooncake's, and Qwen-Bailian's, which names its chats,
// counts time in seconds and cuts blocks of 16 tokens.
#include <fmt/core.h>
#include <simdjson.h>

#include <cmath>

#include "epfleet/text/line_reader.h"
#include "epfleet/traces/request_trace.h"
#include "line_format.h"

namespace epfleet::traces {
namespace {

namespace json = simdjson::ondemand;

constexpr double kNsPerMs = 1e6;
constexpr double kNsPerSecond = 1e9;
constexpr double kMostNs = 9.0e18;  // below 2^63

class JsonFormat final : public LineFormat {
 public:
  explicit JsonFormat(double time_unit_ns) : time_unit_ns_(time_unit_ns) {}

  std::optional<LineFault> parse(std::string_view line, TraceRecord& record) override {
    begin_ = line.data();
    fault_.reset();
    found_ = 0;
    record.blocks.clear();
    json::document document;
    json::object object;
    if (const auto error =
            parser_.iterate(line.data(), line.size(), line.size() + kPadding).get(document);
        error != simdjson::SUCCESS) {
      return not_json(error);
    }
    if (const auto error = document.get_object().get(object); error != simdjson::SUCCESS) {
      return not_json(error);
    }
    for (auto field : object) {
      if (!read_field(field, record)) {
        return fault_;
      }
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS) {
      return LineFault{kNotJson, 1, "something follows the JSON object", "one object a line"};
    }
    if ((found_ & kNeeded) != kNeeded) {
      return LineFault{kMissing, 1, "a value is missing",
                       "it needs timestamp, input_length, output_length and hash_ids"};
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kPadding = text::LineReader::kPadding;
  static constexpr unsigned kTime = 1, kInput = 2, kOutput = 4, kBlocks = 8;
  static constexpr unsigned kNeeded = kTime | kInput | kOutput | kBlocks;
  static_assert(text::LineReader::kPadding >= simdjson::SIMDJSON_PADDING);

  static LineFault not_json(simdjson::error_code error) {
    return {kNotJson, 1, fmt::format("is not a JSON object: {}", simdjson::error_message(error)),
            "the line may be cut"};
  }

  bool wrong(LineFault fault) {
    fault_ = std::move(fault);
    return false;
  }

  bool read_field(simdjson::simdjson_result<json::field> field, TraceRecord& record) {
    std::string_view key;
    json::value value;
    if (const auto error = field.unescaped_key().get(key); error != simdjson::SUCCESS) {
      return wrong(not_json(error));
    }
    if (const auto error = field.value().get(value); error != simdjson::SUCCESS) {
      return wrong(not_json(error));
    }
    if (key == "timestamp") {
      return first(kTime, key) && read_time(value, record.time);
    }
    if (key == "input_length") {
      return first(kInput, key) && read_length(key, value, record.input);
    }
    if (key == "output_length") {
      return first(kOutput, key) && read_length(key, value, record.output);
    }
    if (key == "hash_ids") {
      return first(kBlocks, key) && read_blocks(value, record.blocks);
    }
    return true;
  }

  bool first(unsigned which, std::string_view key) {
    const bool again = (found_ & which) != 0;
    found_ |= which;
    return !again || wrong({kNotJson, 1, fmt::format("{} is there twice", key), ""});
  }

  bool read_time(json::value& value, base::Duration& time) {
    json::number number;
    if (value.get_number().get(number) != simdjson::SUCCESS) {
      return wrong({kNotANumber, 1, "timestamp: not a number", ""});
    }
    const double ns = number.as_double() * time_unit_ns_;
    if (ns < 0.0) {
      return wrong({kNegative, 1, "timestamp: is negative", "give 0 or more"});
    }
    if (!(ns < kMostNs)) {
      return wrong({kTooLarge, 1, "timestamp: is too large", "check its unit"});
    }
    time = number.is_double()
               ? base::Duration(std::llround(ns))
               : base::Duration(number.as_double() < 0x1p53 ? whole(number) * unit()
                                                            : static_cast<std::int64_t>(ns));
    return true;
  }

  [[nodiscard]] std::int64_t unit() const { return static_cast<std::int64_t>(time_unit_ns_); }
  static std::int64_t whole(json::number number) {
    return number.is_uint64() ? static_cast<std::int64_t>(number.get_uint64()) : number.get_int64();
  }

  bool read_length(std::string_view key, json::value& value, std::int64_t& tokens) {
    if (const auto error = value.get_int64().get(tokens); error != simdjson::SUCCESS) {
      return wrong({error == simdjson::NUMBER_OUT_OF_RANGE ? kTooLarge : kNotANumber, 1,
                    fmt::format("{}: not a whole number", key), "give digits only"});
    }
    if (tokens < 0) {
      return wrong({kNegative, 1, fmt::format("{}: {} is negative", key, tokens), ""});
    }
    if (tokens > kMostTraceTokens) {
      return wrong({kTooLarge, 1, fmt::format("{}: {} is too large", key, tokens),
                    "a prompt or an answer has at most 16,777,216 tokens"});
    }
    return true;
  }

  bool read_blocks(json::value& value, std::vector<workload::BlockId>& blocks) {
    json::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) {
      return wrong({kNotJson, 1, "hash_ids: not a list", ""});
    }
    for (auto element : array) {
      std::uint64_t id = 0;
      json::value item;
      if (element.get(item) != simdjson::SUCCESS) {
        return wrong({kNotJson, 1, "hash_ids: the list is cut", ""});
      }
      if (item.get_uint64().get(id) != simdjson::SUCCESS) {
        std::int64_t negative = 0;  // hashes may be printed with a sign
        if (item.get_int64().get(negative) != simdjson::SUCCESS) {
          return wrong({kNotANumber, 1, "hash_ids: an id is not a whole number", ""});
        }
        id = static_cast<std::uint64_t>(negative);
      }
      blocks.push_back(id);
    }
    return true;
  }

  double time_unit_ns_;
  json::parser parser_;
  const char* begin_ = nullptr;
  std::optional<LineFault> fault_;
  unsigned found_ = 0;
};

// Throws nothing: a first line that is damaged is told by parse().
bool is_json(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != line.npos && line[first] == '{';
}

}  // namespace

std::unique_ptr<LineFormat> make_mooncake_format(std::string_view first_line, TraceInfo& info,
                                                 std::optional<LineFault>& /*fault*/) {
  if (!is_json(first_line)) {
    return nullptr;
  }
  info.block_tokens = 512;  // FAST25-release, README
  return std::make_unique<JsonFormat>(kNsPerMs);
}

std::unique_ptr<LineFormat> make_bailian_format(std::string_view first_line, TraceInfo& info,
                                                std::optional<LineFault>& /*fault*/) {
  if (!is_json(first_line) || first_line.find("\"chat_id\"") == first_line.npos) {
    return nullptr;
  }
  info.block_tokens = 16;  // qwen-bailian-usagetraces-anon, README
  return std::make_unique<JsonFormat>(kNsPerSecond);
}

}  // namespace epfleet::traces
