#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "csv_format.h"
#include "epfleet/text/date.h"
#include "epfleet/text/parse.h"
#include "epfleet/traces/request_trace.h"

namespace epfleet::traces {
namespace {

LineFault not_a_number(std::string_view text) {
  if (text.empty()) {
    return {kMissing, "the field is empty", "give every request a time, an input and an output"};
  }
  return {kNotANumber, fmt::format("'{}' is not a number", text), "give digits"};
}

LineFault too_large(std::string_view text, const char* remedy) {
  return {kTooLarge, fmt::format("'{}' is too large", text), remedy};
}

LineFault negative(std::string_view text) {
  return {kNegative, fmt::format("'{}' is negative", text), "give 0 or more"};
}

}  // namespace

std::int64_t tokens_in(std::string_view text) {
  auto value = text::parse_whole<std::int64_t>(text);
  const std::size_t point = value ? text.npos : text.find('.');
  if (point != text.npos && text.find_first_not_of('0', point + 1) == text.npos) {
    text = text.substr(0, point);
    value = text::parse_whole<std::int64_t>(text);
  }
  if (value > kMostTraceTokens || (!value && text::is_digits(text))) {
    throw too_large(text, "a prompt or an answer has at most 16,777,216 tokens");
  }
  if (!value) {
    throw not_a_number(text);
  }
  if (*value < 0) {
    throw negative(text);
  }
  return *value;
}

std::uint64_t count_in(std::string_view text) {
  const auto value = text::parse_whole<std::uint64_t>(text);
  if (!value) {
    throw text::is_digits(text) ? too_large(text, "stay below 2^64") : not_a_number(text);
  }
  return *value;
}

void read_seconds(std::string_view text, TraceRecord& record) {
  if (text.starts_with('-')) {
    throw negative(text);
  }
  const auto nanoseconds = text::parse_seconds(text);
  if (!nanoseconds) {
    throw text::parse_number(text) ? too_large(text, "give seconds, at most 9,000,000,000")
                                   : not_a_number(text);
  }
  record.time = base::Duration(*nanoseconds);
}

void read_milliseconds(std::string_view text, TraceRecord& record) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = text::parse_whole<std::int64_t>(text.substr(0, point));
  std::string_view part = text.substr(std::min(point + 1, text.size()));
  const std::int64_t fraction = text::take_fraction(part) / 1000;
  if (text.starts_with('-')) {
    throw negative(text);
  }
  if (!whole || !part.empty() || *whole > text::kMostSeconds * 1000) {
    throw not_a_number(text);
  }
  record.time = std::chrono::milliseconds(*whole) + base::Duration(fraction);
}

void read_date(std::string_view text, TraceRecord& record) {
  constexpr std::int64_t kMostFrom1970 = 7'300'000'000;  // seconds: to the year 2200
  const auto date = text::parse_date(text);
  if (!date || std::abs(date->utc_seconds) > kMostFrom1970) {
    throw LineFault{kNotANumber, fmt::format("'{}' is not a date and time", text),
                    "write it as 2023-11-16 18:15:46.680"};
  }
  record.time = std::chrono::seconds(date->utc_seconds) + base::Duration(date->nanoseconds);
}

void read_last_turn(std::string_view text, TraceRecord& record) {
  if (text != "0" && text != "1") {
    throw LineFault{kBadValue, fmt::format("'{}' is neither 0 nor 1", text), ""};
  }
  record.last_turn = text == "1";
}

void read_variant(std::string_view text, TraceRecord& record) {
  record.variant = base::value_in<workload::Variant>(workload::kVariantNames, text);
  if (!record.variant) {
    throw LineFault{
        kBadValue,
        fmt::format("'{}' is neither {}", text, fmt::join(workload::kVariantNames, " nor ")), ""};
  }
}

void read_channel(std::string_view text, TraceRecord& record) {
  record.channel = base::value_in<workload::Channel>(workload::kChannelNames, text);
  if (!record.channel) {
    throw LineFault{
        kBadValue,
        fmt::format("'{}' is none of {}", text, fmt::join(workload::kChannelNames, ", ")), ""};
  }
}

void read_blocks(std::string_view text, TraceRecord& record) {
  constexpr int kHexadecimal = 16;
  const char* at = text.data();
  const char* end = at + text.size();
  record.blocks.clear();
  while (at != end) {
    const auto [stop, error] = std::from_chars(at, end, record.blocks.emplace_back(), kHexadecimal);
    if (error != std::errc() || (stop != end && *stop != ' ')) {
      throw LineFault{kNotANumber, "not a list of hexadecimal ids with blanks between", ""};
    }
    at = std::find_if(stop, end, [](char c) { return c != ' '; });
  }
}

}  // namespace epfleet::traces
