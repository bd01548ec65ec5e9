// Dates and times of day as files write them (ISO 8601, or with a blank for the T).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace epfleet::text {

struct Date {
  std::int64_t utc_seconds = 0;  // since 1970; the offset taken off
  std::int64_t nanoseconds = 0;
  std::optional<int> offset_minutes;  // east of UTC; none: not written, taken for UTC
};

// 2023-11-16 18:15, 2023-11-16T18:15:46.6805900Z, 2025-02-27T12:00+08:00. A leap second is taken.
[[nodiscard]] std::optional<Date> parse_date(std::string_view text);

// HH:MM, 00:00 to 23:59, as minutes.
[[nodiscard]] std::optional<int> parse_time_of_day(std::string_view text);

// The digits behind a decimal point as nanoseconds, taken off `text`; those beyond the ninth are
// dropped.
[[nodiscard]] std::int64_t take_fraction(std::string_view& text);

}  // namespace epfleet::text
