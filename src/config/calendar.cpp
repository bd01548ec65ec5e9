// Times of day and calendar times of scenario files (declared in value.h).
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "epfleet/config/value.h"
#include "epfleet/text/parse.h"

namespace epfleet::config {

Parsed<int> parse_time_of_day(std::string_view text) {
  const auto minutes = text::parse_time_of_day(text);
  if (!minutes) {
    return tl::unexpected(
        Fault{fmt::format("'{}' is not a time of day", text), "write HH:MM from 00:00 to 23:59"});
  }
  return *minutes;
}

std::string print_time_of_day(int minutes) {
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

int CalendarTime::minute_of_day() const {
  using std::chrono::days, std::chrono::floor, std::chrono::minutes;
  const auto clock = floor<minutes>(std::chrono::seconds(utc_seconds)) + minutes(offset_minutes);
  return static_cast<int>((clock - floor<days>(clock)).count());
}

Parsed<CalendarTime> parse_calendar_time(std::string_view text) {
  constexpr int kFarthestOffset = 14 * 60;  // in use are -12:00 to +14:00
  const auto date = text::parse_date(text);
  if (!date || !date->offset_minutes || std::abs(*date->offset_minutes) > kFarthestOffset ||
      date->nanoseconds != 0 || text.find('T') == std::string_view::npos) {
    return tl::unexpected(Fault{fmt::format("'{}' is not a time with an offset", text),
                                "write ISO 8601, for example 2025-02-27T12:00+08:00"});
  }
  return CalendarTime{std::string(text), date->utc_seconds, *date->offset_minutes};
}

}  // namespace epfleet::config
