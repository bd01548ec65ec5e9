// Times of day and calendar times of scenario files (declared in value.h).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "epfleet/config/value.h"

namespace epfleet::config {
namespace {

// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' ||
      text[at + 1] > '9') {
    return -1;
  }
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// "HH:MM" at `at` as minutes, or -1.
int clock_minutes(std::string_view text, std::size_t at) {
  const int hours = two_digits(text, at);
  const int minutes = two_digits(text, at + 3);
  const bool good = hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && text[at + 2] == ':';
  return good ? hours * 60 + minutes : -1;
}

// Z, +HH:MM or -HH:MM as minutes; none if malformed. The farthest offsets in use are -12:00 and
// +14:00.
Parsed<int> offset_minutes(std::string_view text, const Fault& fault) {
  if (text == "Z") {
    return 0;
  }
  const int minutes = text.size() == 6 ? clock_minutes(text, 1) : -1;
  if (minutes < 0 || minutes > 14 * 60 || (text[0] != '+' && text[0] != '-')) {
    return tl::unexpected(fault);
  }
  return text[0] == '+' ? minutes : -minutes;
}

}  // namespace

Parsed<int> parse_time_of_day(std::string_view text) {
  const int minutes = text.size() == 5 ? clock_minutes(text, 0) : -1;
  if (minutes < 0) {
    return tl::unexpected(
        Fault{fmt::format("'{}' is not a time of day", text), "write HH:MM from 00:00 to 23:59"});
  }
  return minutes;
}

std::string print_time_of_day(int minutes) {
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

int CalendarTime::minute_of_day() const {
  constexpr std::int64_t kDay = 24 * 60;
  const std::int64_t seconds = utc_seconds + std::int64_t{60} * offset_minutes;
  const std::int64_t minutes = seconds / 60 - (seconds % 60 < 0 ? 1 : 0);
  return static_cast<int>(((minutes % kDay) + kDay) % kDay);
}

Parsed<CalendarTime> parse_calendar_time(std::string_view text) {
  const Fault fault{fmt::format("'{}' is not a time with an offset", text),
                    "write ISO 8601, for example 2025-02-27T12:00+08:00"};
  // YYYY-MM-DDTHH:MM[:SS]OFFSET
  if (text.size() < 17 || text[4] != '-' || text[7] != '-' || text[10] != 'T') {
    return tl::unexpected(fault);
  }
  const int century = two_digits(text, 0);
  const int year = two_digits(text, 2);
  const int month = two_digits(text, 5);
  const int day = two_digits(text, 8);
  const int minutes = clock_minutes(text, 11);
  const bool with_seconds = text[16] == ':';
  const int seconds = with_seconds ? two_digits(text, 17) : 0;
  const std::size_t clock_end = with_seconds ? 19 : 16;
  const auto offset = offset_minutes(text.substr(std::min(clock_end, text.size())), fault);
  const std::chrono::year_month_day date(std::chrono::year(century * 100 + year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (century < 0 || year < 0 || month < 0 || day < 0 || minutes < 0 || seconds < 0 ||
      seconds > 59 || !offset || !date.ok()) {
    return tl::unexpected(fault);
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  CalendarTime time;
  time.text = std::string(text);
  time.utc_seconds = std::int64_t{86400} * days + std::int64_t{60} * (minutes - *offset) + seconds;
  time.offset_minutes = *offset;
  return time;
}

}  // namespace epfleet::config
