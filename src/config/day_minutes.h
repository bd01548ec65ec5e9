// Times of day are whole minutes.
#pragma once

#include <cstdint>

namespace epfleet::config {

inline constexpr std::int64_t kMinuteNs = 60'000'000'000;
inline constexpr int kDayMinutes = 24 * 60;

}  // namespace epfleet::config
