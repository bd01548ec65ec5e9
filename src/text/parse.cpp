#include "epfleet/text/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace epfleet::text {

namespace {

// Takes `digits` digits off `text`; none if there are not as many.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits || !is_digits(text.substr(0, digits))) {
    return std::nullopt;
  }
  const auto value = parse_whole<int>(text.substr(0, digits));
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  const bool there = text.starts_with(c);
  text.remove_prefix(there ? 1 : 0);
  return there;
}

// YYYY-MM-DD as days since 1970.
std::optional<std::int64_t> take_days(std::string_view& text) {
  const auto year = take_digits(text, 4);
  const auto month = take(text, '-') ? take_digits(text, 2) : std::nullopt;
  const auto day = take(text, '-') ? take_digits(text, 2) : std::nullopt;
  if (!year || !month || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  return date.ok() ? std::optional(std::chrono::sys_days(date).time_since_epoch().count())
                   : std::nullopt;
}

// HH:MM as minutes.
std::optional<int> take_clock(std::string_view& text) {
  const auto hours = take_digits(text, 2);
  const auto minutes = take(text, ':') ? take_digits(text, 2) : std::nullopt;
  const bool good = hours && minutes && *hours < 24 && *minutes < 60;
  return good ? std::optional(*hours * 60 + *minutes) : std::nullopt;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && std::isfinite(value) ? std::optional(value)
                                                                     : std::nullopt;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (error == std::errc() && (stop == end || *stop == '.') && whole <= kMostSeconds &&
      text.front() != '-') {
    std::string_view rest(stop == end ? stop : stop + 1, end);
    const std::int64_t part = take_fraction(rest);
    if (rest.empty()) {
      return whole * kBillion + part;
    }
  }
  const auto seconds = parse_number(text);  // with an exponent, or beyond what fits
  if (!seconds || text.front() == '-' || *seconds > static_cast<double>(kMostSeconds)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*seconds * 1e9 + 0.5);
}

std::int64_t take_fraction(std::string_view& text) {
  constexpr std::size_t kDigits = 9;
  std::int64_t value = 0;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    value = at < kDigits ? value * 10 + (text[at] - '0') : value;
  }
  text.remove_prefix(at);
  for (; at < kDigits; ++at) {
    value *= 10;
  }
  return value;
}

std::optional<int> parse_time_of_day(std::string_view text) {
  const auto minutes = take_clock(text);
  return text.empty() ? minutes : std::nullopt;
}

std::optional<std::int64_t> parse_day(std::string_view text) {
  const auto days = take_days(text);
  return text.empty() ? days : std::nullopt;
}

std::string print_day(std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::optional<Date> parse_date(std::string_view text) {
  const auto days = take_days(text);
  const bool between = take(text, 'T') || take(text, ' ');
  const auto minutes = take_clock(text);
  const auto seconds = take(text, ':') ? take_digits(text, 2) : std::optional(0);
  if (!days || !between || !minutes || !seconds || *seconds > 60) {
    return std::nullopt;
  }
  Date date;
  date.nanoseconds = take(text, '.') ? take_fraction(text) : 0;
  if (text == "Z") {
    date.offset_minutes = 0;
  } else if (text.starts_with('+') || text.starts_with('-')) {
    const auto offset = parse_time_of_day(text.substr(1));
    if (!offset) {
      return std::nullopt;
    }
    date.offset_minutes = text.front() == '+' ? *offset : -*offset;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  date.utc_seconds = std::int64_t{86400} * *days +
                     std::int64_t{60} * (*minutes - date.offset_minutes.value_or(0)) + *seconds;
  return date;
}

}  // namespace epfleet::text
