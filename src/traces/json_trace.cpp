// Request traces of one JSON object a line: Mooncake's, and Qwen-Bailian's, which names its chats,
// counts time in seconds and cuts blocks of 16 tokens.
#include <fmt/core.h>
#include <simdjson.h>

#include <chrono>
#include <cmath>

#include "epfleet/text/line_reader.h"
#include "epfleet/traces/request_trace.h"
#include "trace_formats.h"

namespace epfleet::traces {
namespace {

namespace json = simdjson::ondemand;

constexpr double kMostNs = 9.0e18;  // below 2^63
constexpr unsigned kTime = 1, kInput = 2, kOutput = 4, kBlocks = 8;
constexpr unsigned kNeeded = kTime | kInput | kOutput | kBlocks;
constexpr std::size_t kPadding = text::LineReader::kPadding;
static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

class JsonFormat final : public LineFormat {
 public:
  explicit JsonFormat(base::Duration time_unit) : unit_(time_unit.count()) {}

  void parse(std::string_view line, TraceRecord& record) override {
    found_ = 0;
    record.blocks.clear();
    try {
      json::document document = parser_.iterate(line.data(), line.size(), line.size() + kPadding);
      json::object object = document.get_object();
      for (auto field : object) {
        const std::string_view key = field.unescaped_key();
        read_field(key, field.value(), record);
      }
      if (document.current_location().error() == simdjson::SUCCESS) {
        throw LineFault{kNotJson, "something follows the JSON object", "one object a line"};
      }
    } catch (const simdjson::simdjson_error& error) {
      throw LineFault{kNotJson, fmt::format("is not a JSON object: {}", error.what()),
                      "the line may be cut"};
    }
    if (found_ != kNeeded) {
      throw LineFault{kMissing, "a value is missing",
                      "it needs timestamp, input_length, output_length and hash_ids"};
    }
  }

 private:
  void read_field(std::string_view key, json::value value, TraceRecord& record) {
    if (key == "timestamp") {
      find(kTime, key);
      record.time = time_in(value);
    } else if (key == "input_length") {
      find(kInput, key);
      record.input = length_in(key, value);
    } else if (key == "output_length") {
      find(kOutput, key);
      record.output = length_in(key, value);
    } else if (key == "hash_ids") {
      find(kBlocks, key);
      read_blocks(value, record.blocks);
    }
  }

  void find(unsigned which, std::string_view key) {
    if ((found_ & which) != 0) {
      throw LineFault{kNotJson, fmt::format("{} is there twice", key), ""};
    }
    found_ |= which;
  }

  [[nodiscard]] base::Duration time_in(json::value& value) const {
    json::number number;
    if (value.get_number().get(number) != simdjson::SUCCESS) {
      throw LineFault{kNotANumber, "timestamp: not a number", ""};
    }
    const double ns = number.as_double() * static_cast<double>(unit_);
    if (ns < 0.0) {
      throw LineFault{kNegative, "timestamp: is negative", "give 0 or more"};
    }
    if (!(ns < kMostNs)) {
      throw LineFault{kTooLarge, "timestamp: is too large", "check its unit"};
    }
    // A whole number is below 2^53 here, so its double is exact.
    return base::Duration(number.is_double()
                              ? std::llround(ns)
                              : static_cast<std::int64_t>(number.as_double()) * unit_);
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
      if (item.get_uint64().get(blocks.emplace_back()) == simdjson::SUCCESS) {
        continue;
      }
      if (item.get_int64().get(negative) != simdjson::SUCCESS) {
        throw LineFault{kNotANumber, "hash_ids: an id is not a whole number", ""};
      }
      blocks.back() = static_cast<std::uint64_t>(negative);
    }
  }

  std::int64_t unit_;  // of time, ns
  json::parser parser_;
  unsigned found_ = 0;
};

// Whether the rest of the line is whole is for parse() to say.
bool is_json(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != line.npos && line[first] == '{';
}

}  // namespace

std::unique_ptr<LineFormat> make_mooncake_format(std::string_view first_line, TraceInfo& info) {
  if (!is_json(first_line)) {
    return nullptr;
  }
  info.block_tokens = 512;  // FAST25-release, README
  return std::make_unique<JsonFormat>(std::chrono::milliseconds(1));
}

std::unique_ptr<LineFormat> make_bailian_format(std::string_view first_line, TraceInfo& info) {
  if (!is_json(first_line) || first_line.find("\"chat_id\"") == first_line.npos) {
    return nullptr;
  }
  info.block_tokens = 16;  // qwen-bailian-usagetraces-anon, README
  return std::make_unique<JsonFormat>(std::chrono::seconds(1));
}

}  // namespace epfleet::traces
