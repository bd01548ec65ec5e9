// Times of day are whole minutes.
#pragma once

#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/config/value.h"

namespace epfleet::config {

inline constexpr std::int64_t kMinuteNs = 60'000'000'000;
inline constexpr int kDayMinutes = 24 * 60;

// From the scenario's start to the first time of day `minute` from there on, on the start's clock.
inline base::Duration first_after(const CalendarTime& start, int minute) {
  return base::Duration((minute - start.minute_of_day() + kDayMinutes) % kDayMinutes * kMinuteNs);
}

}  // namespace epfleet::config
