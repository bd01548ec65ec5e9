// Numbers, times and dates out of a text, the whole of it or nothing: every reader of files uses
// these.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace epfleet::text {

[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Without blanks and tabs at the end, at both ends.
[[nodiscard]] constexpr std::string_view trimmed_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  return trimmed_end(text);
}
[[nodiscard]] constexpr bool is_blank(std::string_view text) { return trimmed(text).empty(); }

// A finite decimal number: 17, -0.25, 1e-05.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// A whole number that fits: 17, -3 (of a signed type).
template <std::integral Whole>
[[nodiscard]] std::optional<Whole> parse_whole(std::string_view text) {
  Whole value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

// Digits and nothing else, so that what did not fit can be told from what is no number.
[[nodiscard]] bool is_digits(std::string_view text);

// Decimal seconds as nanoseconds, exactly: 17, 0.25, 1e-05. Digits beyond the nanosecond are
// dropped. None for text, for what is negative and beyond kMostSeconds.
inline constexpr std::int64_t kMostSeconds = 9'000'000'000;  // 285 years: nanoseconds below 2^63
[[nodiscard]] std::optional<std::int64_t> parse_seconds(std::string_view text);

// Dates and times of day as files write them (ISO 8601, or with a blank for the T).
struct Date {
  std::int64_t utc_seconds = 0;  // since 1970; the offset taken off
  std::int64_t nanoseconds = 0;
  std::optional<int> offset_minutes;  // east of UTC; none: not written, taken for UTC
};

// 2023-11-16 18:15, 2023-11-16T18:15:46.6805900Z, 2025-02-27T12:00+08:00. A leap second is taken.
[[nodiscard]] std::optional<Date> parse_date(std::string_view text);

// 2026-10-01 as days since 1970, and back.
[[nodiscard]] std::optional<std::int64_t> parse_day(std::string_view text);
[[nodiscard]] std::string print_day(std::int64_t day);

// HH:MM, 00:00 to 23:59, as minutes.
[[nodiscard]] std::optional<int> parse_time_of_day(std::string_view text);

// The digits behind a decimal point as nanoseconds, taken off `text`; those beyond the ninth are
// dropped.
[[nodiscard]] std::int64_t take_fraction(std::string_view& text);

}  // namespace epfleet::text
