#include "trace_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "epfleet/text/date.h"
#include "epfleet/text/parse.h"
#include "epfleet/traces/request_trace.h"

namespace epfleet::traces {
namespace {

LineFault not_a_number(std::string_view text) {
  if (text.empty()) {
    return {kMissing, 0, "the field is empty", "give every request a time, an input and an output"};
  }
  return {kNotANumber, 0, fmt::format("'{}' is not a number", text), "give digits"};
}

}  // namespace

std::optional<LineFault> read_tokens(std::string_view text, std::int64_t& tokens) {
  const std::size_t point = text.find('.');
  if (point != text.npos && text.find_first_not_of('0', point + 1) == text.npos) {
    text = text.substr(0, point);
  }
  const auto value = text::parse_whole<std::int64_t>(text);
  if (value && *value < 0) {
    return LineFault{kNegative, 0, fmt::format("'{}' is negative", text), "give 0 or more"};
  }
  if (value > kMostTraceTokens || (!value && text::is_digits(text))) {
    return LineFault{kTooLarge, 0, fmt::format("'{}' is too large", text),
                     "a prompt or an answer has at most 16,777,216 tokens"};
  }
  if (!value) {
    return not_a_number(text);
  }
  tokens = *value;
  return std::nullopt;
}

std::optional<LineFault> read_count(std::string_view text, std::uint64_t& count) {
  const auto value = text::parse_whole<std::uint64_t>(text);
  if (!value && text::is_digits(text)) {
    return LineFault{kTooLarge, 0, fmt::format("'{}' is too large", text), "stay below 2^64"};
  }
  if (!value) {
    return not_a_number(text);
  }
  count = *value;
  return std::nullopt;
}

std::optional<LineFault> read_seconds(std::string_view text, base::Duration& time) {
  if (text.starts_with('-')) {
    return LineFault{kNegative, 0, fmt::format("'{}' is negative", text), "give 0 or more"};
  }
  if (const auto nanoseconds = text::parse_seconds(text)) {
    time = base::Duration(*nanoseconds);
    return std::nullopt;
  }
  return text::parse_number(text) ? LineFault{kTooLarge, 0, fmt::format("'{}' is too large", text),
                                              "give seconds, at most 9,000,000,000"}
                                  : not_a_number(text);
}

std::optional<LineFault> read_milliseconds(std::string_view text, base::Duration& time) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = text::parse_whole<std::int64_t>(text.substr(0, point));
  std::string_view part = text.substr(std::min(point + 1, text.size()));
  const std::int64_t fraction = text::take_fraction(part) / 1000;
  if (text.starts_with('-')) {
    return LineFault{kNegative, 0, fmt::format("'{}' is negative", text), "give 0 or more"};
  }
  if (!whole || !part.empty() || *whole > text::kMostSeconds * 1000) {
    return not_a_number(text);
  }
  time = std::chrono::milliseconds(*whole) + base::Duration(fraction);
  return std::nullopt;
}

std::optional<LineFault> read_date(std::string_view text, base::Duration& time) {
  constexpr std::int64_t kMostFrom1970 = 7'300'000'000;  // seconds: to the year 2200
  const auto date = text::parse_date(text);
  if (!date || std::abs(date->utc_seconds) > kMostFrom1970) {
    return LineFault{kNotANumber, 0, fmt::format("'{}' is not a date and time", text),
                     "write it as 2023-11-16 18:15:46.680"};
  }
  time = std::chrono::seconds(date->utc_seconds) + base::Duration(date->nanoseconds);
  return std::nullopt;
}

std::optional<LineFault> read_flag(std::string_view text, bool& flag) {
  if (text != "0" && text != "1") {
    return LineFault{kBadValue, 0, fmt::format("'{}' is neither 0 nor 1", text), ""};
  }
  flag = text == "1";
  return std::nullopt;
}

std::optional<LineFault> read_variant(std::string_view text,
                                      std::optional<workload::Variant>& variant) {
  variant = base::value_in<workload::Variant>(workload::kVariantNames, text);
  return variant ? std::nullopt
                 : std::optional(LineFault{kBadValue, 0,
                                           fmt::format("'{}' is neither {}", text,
                                                       fmt::join(workload::kVariantNames, " nor ")),
                                           ""});
}

std::optional<LineFault> read_channel(std::string_view text,
                                      std::optional<workload::Channel>& channel) {
  channel = base::value_in<workload::Channel>(workload::kChannelNames, text);
  return channel ? std::nullopt
                 : std::optional(LineFault{kBadValue, 0,
                                           fmt::format("'{}' is none of {}", text,
                                                       fmt::join(workload::kChannelNames, ", ")),
                                           ""});
}

std::optional<LineFault> read_blocks(std::string_view text,
                                     std::vector<workload::BlockId>& blocks) {
  constexpr int kHexadecimal = 16;
  const char* at = text.data();
  const char* end = at + text.size();
  blocks.clear();
  while (at != end) {
    workload::BlockId id = 0;
    const auto [stop, error] = std::from_chars(at, end, id, kHexadecimal);
    if (error != std::errc() || (stop != end && *stop != ' ')) {
      return LineFault{kNotANumber, 0, "not a list of hexadecimal ids with blanks between", ""};
    }
    blocks.push_back(id);
    at = std::find_if(stop, end, [](char c) { return c != ' '; });
  }
  return std::nullopt;
}

}  // namespace epfleet::traces
