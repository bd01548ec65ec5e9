#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "csv_format.h"
#include "epfleet/base/random.h"
#include "epfleet/base/registry.h"
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

std::uint64_t count_in(std::string_view text, std::uint64_t most) {
  const auto value = text::parse_whole<std::uint64_t>(text);
  if (value > most || (!value && text::is_digits(text))) {
    throw too_large(text, most > 0xffff'ffffU ? "stay below 2^64" : "stay below 2^32");
  }
  if (!value) {
    throw text.starts_with('-') ? negative(text) : not_a_number(text);
  }
  return *value;
}

std::uint64_t id_in(std::string_view text) {
  if (text.empty()) {
    throw not_a_number(text);
  }
  if (const auto value = text::parse_whole<std::uint64_t>(text)) {
    return *value;
  }
  if (const auto value = text::parse_whole<std::int64_t>(text)) {  // hashes may have a sign
    return static_cast<std::uint64_t>(*value);
  }
  std::uint64_t id = text.size();
  for (const char c : text) {
    id = base::mix64(id ^ static_cast<unsigned char>(c));
  }
  return id;
}

template <std::int64_t kUnit>
void read_time(std::string_view text, TraceRecord& record) {
  constexpr std::int64_t kPerSecond = 1'000'000'000 / kUnit;
  if (text.starts_with('-')) {
    throw negative(text);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = text::parse_whole<std::int64_t>(text.substr(0, point));
  std::string_view rest = text.substr(std::min(point + 1, text.size()));
  const std::int64_t part = text::take_fraction(rest) / kPerSecond;
  if (whole && rest.empty() && *whole <= text::kMostSeconds * kPerSecond) {
    record.time = base::Duration(*whole * kUnit + part);
    return;
  }
  const auto number = text::parse_number(text);  // with an exponent, or beyond what fits
  if (!number) {
    throw not_a_number(text);
  }
  if (*number / static_cast<double>(kPerSecond) > static_cast<double>(text::kMostSeconds)) {
    throw too_large(text, "a time is at most 9,000,000,000 s: is its unit another (--time-unit)?");
  }
  record.time =
      base::Duration(static_cast<std::int64_t>(*number * static_cast<double>(kUnit) + 0.5));
}
template void read_time<1>(std::string_view, TraceRecord&);
template void read_time<1'000>(std::string_view, TraceRecord&);
template void read_time<1'000'000>(std::string_view, TraceRecord&);
template void read_time<1'000'000'000>(std::string_view, TraceRecord&);

ReadField* time_reader(std::string_view unit) {
  static constexpr base::Registry<ReadField*>::Row kRows[] = {
      {"s", "seconds", read_time<1'000'000'000>},
      {"ms", "milliseconds", read_time<1'000'000>},
      {"us", "microseconds", read_time<1'000>},
      {"ns", "nanoseconds", read_time<1>}};
  return base::Registry<ReadField*>("--time-unit", kRows)[unit];
}

void read_date(std::string_view text, TraceRecord& record) {
  // Seconds, to the year 2115: the time between any two dates fits its type.
  constexpr std::int64_t kMostFrom1970 = 4'600'000'000;
  const auto date = text::parse_date(text);
  if (!date) {
    throw LineFault{kNotANumber, fmt::format("'{}' is not a date and time", text),
                    "write it as 2023-11-16 18:15:46.680"};
  }
  if (std::abs(date->utc_seconds) > kMostFrom1970) {
    throw LineFault{kTooLarge, fmt::format("'{}' is more than 145 years from 1970", text),
                    "is that column the time of the request?"};
  }
  record.time = std::chrono::seconds(date->utc_seconds) + base::Duration(date->nanoseconds);
}

void read_last_turn(std::string_view text, TraceRecord& record) {
  if (text != "0" && text != "1") {
    throw LineFault{kBadValue, fmt::format("'{}' is neither 0 nor 1", text), ""};
  }
  record.last_turn = text == "1";
}

void read_cached(std::string_view text, TraceRecord& record) {
  record.cached = text.empty() ? std::nullopt : std::optional(tokens_in(text));
}

void read_variant(std::string_view text, TraceRecord& record) {
  record.variant = base::value_in<workload::Variant>(workload::kVariantNames, text);
  if (!record.variant && !text.empty()) {
    throw LineFault{
        kBadValue,
        fmt::format("'{}' is neither {}", text, fmt::join(workload::kVariantNames, " nor ")), ""};
  }
}

void read_channel(std::string_view text, TraceRecord& record) {
  record.channel = base::value_in<workload::Channel>(workload::kChannelNames, text);
  if (!record.channel && !text.empty()) {
    throw LineFault{
        kBadValue,
        fmt::format("'{}' is none of {}", text, fmt::join(workload::kChannelNames, ", ")), ""};
  }
}

void read_hashes(std::string_view text, TraceRecord& record) {
  constexpr std::string_view kBetween = " \t|;,[]'\"";
  record.blocks.clear();
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    if (text.empty()) {
      return;
    }
    const std::size_t end = std::min(text.find_first_of(kBetween), text.size());
    record.blocks.push_back(id_in(text.substr(0, end)));
    text.remove_prefix(end);
  }
}

void read_block_size(std::string_view text, TraceRecord& record) {
  record.block_tokens = tokens_in(text);
  if (record.block_tokens < 1 || record.block_tokens > kMostBlock) {
    throw LineFault{kBadValue, fmt::format("'{}' is no size of a block", text),
                    "give 1 to 65,536 tokens"};
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
