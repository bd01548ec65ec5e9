#include "trace_fields.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "epfleet/traces/request_trace.h"

namespace epfleet::traces {
namespace {

constexpr std::int64_t kMostSeconds = 9'000'000'000;  // 285 years, in nanoseconds below 2^63
constexpr std::int64_t kBillion = 1'000'000'000;

LineFault not_a_number(std::string_view text) {
  if (text.empty()) {
    return {kMissing, 0, "the field is empty", "give every request a time, an input and an output"};
  }
  return {kNotANumber, 0, fmt::format("'{}' is not a number", text), "give digits"};
}

LineFault not_a_date(std::string_view text) {
  return {kNotANumber, 0, fmt::format("'{}' is not a date and time", text),
          "write it as 2023-11-16 18:15:46.680"};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits behind a point as nanoseconds; moves `at` past them.
std::int64_t fraction(std::string_view text, std::size_t& at) {
  constexpr std::array<std::int64_t, 10> kUnit = {
      kBillion, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (digits + 1 < kUnit.size()) {
      value = value * 10 + (text[at] - '0');
      ++digits;
    }
  }
  return value * kUnit[digits];
}

// Two digits; a large number if they are none.
unsigned two_digits(const char* at) {
  constexpr unsigned kWrong = 1'000'000;
  const unsigned tens = static_cast<unsigned>(at[0]) - '0';
  const unsigned ones = static_cast<unsigned>(at[1]) - '0';
  return tens < 10 && ones < 10 ? tens * 10 + ones : kWrong;
}

// Z, +08:00 or nothing, as minutes east of UTC.
std::optional<int> zone(std::string_view text) {
  if (text.empty() || text == "Z") {
    return 0;
  }
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
    return std::nullopt;
  }
  const unsigned hours = two_digits(&text[1]);
  const unsigned minutes = two_digits(&text[4]);
  if (hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  return (text[0] == '-' ? -1 : 1) * static_cast<int>(hours * 60 + minutes);
}

}  // namespace

std::optional<LineFault> read_tokens(std::string_view text, std::int64_t& tokens) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, tokens);
  const char* rest = stop;
  if (error == std::errc() && rest != end && *rest == '.') {
    do {
      ++rest;
    } while (rest != end && *rest == '0');
  }
  if (error == std::errc::invalid_argument || rest != end) {
    return not_a_number(text);
  }
  if (error == std::errc() && tokens < 0) {
    return LineFault{kNegative, 0, fmt::format("'{}' is negative", text), "give 0 or more"};
  }
  if (error != std::errc() || tokens > kMostTraceTokens) {
    return LineFault{kTooLarge, 0, fmt::format("'{}' is too large", text),
                     "a prompt or an answer has at most 16,777,216 tokens"};
  }
  return std::nullopt;
}

std::optional<LineFault> read_count(std::string_view text, std::uint64_t& count) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc::result_out_of_range) {
    return LineFault{kTooLarge, 0, fmt::format("'{}' is too large", text), "stay below 2^64"};
  }
  if (error != std::errc() || stop != end) {
    return not_a_number(text);
  }
  return std::nullopt;
}

std::optional<LineFault> read_seconds(std::string_view text, base::Duration& time) {
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (!text.empty() && text.front() == '-') {
    return LineFault{kNegative, 0, fmt::format("'{}' is negative", text), "give 0 or more"};
  }
  if (error == std::errc() && whole <= kMostSeconds) {
    auto at = static_cast<std::size_t>(stop - text.data());
    std::int64_t part = 0;
    if (at < text.size() && text[at] == '.') {
      part = fraction(text, ++at);
    }
    if (at == text.size()) {
      time = base::Duration(whole * kBillion + part);
      return std::nullopt;
    }
  }
  double seconds = 0.0;  // with an exponent, or beyond what fits
  const auto [stop2, error2] = fast_float::from_chars(text.data(), end, seconds);
  if (error2 != std::errc() || stop2 != end || !std::isfinite(seconds)) {
    return not_a_number(text);
  }
  if (seconds > static_cast<double>(kMostSeconds)) {
    return LineFault{kTooLarge, 0, fmt::format("'{}' is too large", text),
                     "give seconds, at most 9,000,000,000"};
  }
  time = base::Duration(static_cast<std::int64_t>(seconds * 1e9 + 0.5));
  return std::nullopt;
}

std::optional<LineFault> read_date(std::string_view text, base::Duration& time) {
  constexpr std::size_t kToSeconds = 19;
  if (text.size() < kToSeconds || text[4] != '-' || text[7] != '-' ||
      (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') {
    return not_a_date(text);
  }
  const char* digits = text.data();
  const unsigned year = two_digits(digits) * 100 + two_digits(digits + 2);
  const unsigned hour = two_digits(digits + 11);
  const unsigned minute = two_digits(digits + 14);
  const unsigned second = two_digits(digits + 17);
  constexpr unsigned kFirstYear = 1900, kLastYear = 2200;  // whose nanoseconds fit
  if (year < kFirstYear || year > kLastYear || hour > 23 || minute > 59 || second > 60) {
    return not_a_date(text);
  }
  const unsigned month = two_digits(digits + 5);
  const unsigned day = two_digits(digits + 8);
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day));
  if (month > 12 || day > 31 || !date.ok()) {
    return not_a_date(text);
  }
  std::size_t at = kToSeconds;
  std::int64_t part = 0;
  if (at < text.size() && text[at] == '.') {
    part = fraction(text, ++at);
  }
  const auto east = zone(text.substr(at));
  if (!east) {
    return not_a_date(text);
  }
  const std::chrono::seconds clock = std::chrono::sys_days(date).time_since_epoch() +
                                     std::chrono::hours(hour) + std::chrono::minutes(minute) -
                                     std::chrono::minutes(*east) + std::chrono::seconds(second);
  time = base::Duration(clock.count() * kBillion + part);
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
