// Simulated time: integer nanoseconds on a clock of our own, so that a TimePoint is never mistaken
// for a Duration or for wall time. Zero is the start of the counted window; warm-up times are
// negative.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>

#include "epfleet/base/quantity.h"

namespace epfleet::base {

struct SimClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): std name
};

using Duration = SimClock::duration;
using TimePoint = SimClock::time_point;

inline constexpr TimePoint kWindowStart{};

// Throws InvariantBroken for what duration_from_seconds refuses.
[[noreturn]] void refuse_duration(double seconds);

// The one place where a double becomes time. Rounds up, so that work > 0 never takes 0 ns.
// Throws InvariantBroken on NaN, negative values and overflow. Inline, and rounded by hand: without
// SSE4.1 std::ceil is a call, three of which a request would make.
[[nodiscard]] inline Duration duration_from_seconds(double seconds) {
  constexpr double kLimit = 9.2e18;  // just below 2^63
  const double nanoseconds = seconds * 1e9;
  // One comparison for all: the bits of positive numbers order as they do, and those of negative
  // ones, of infinity and of NaN are larger. So are those of -0.0, which is a duration.
  if (std::bit_cast<std::uint64_t>(nanoseconds) >= std::bit_cast<std::uint64_t>(kLimit))
      [[unlikely]] {
    if (!(nanoseconds >= 0.0 && nanoseconds < kLimit)) {
      refuse_duration(seconds);
    }
  }
  const auto whole = static_cast<std::int64_t>(nanoseconds);
  return Duration(whole + static_cast<std::int64_t>(static_cast<double>(whole) < nanoseconds));
}

// Divides: 1e9 is exact where 1e-9 is not, so whole seconds stay whole (60 s is 60, not
// 60.00000000000001).
[[nodiscard]] constexpr double to_seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e9;
}
[[nodiscard]] constexpr double to_seconds(TimePoint time) {
  return to_seconds(time.time_since_epoch());
}

[[nodiscard]] inline Duration operator/(Bytes bytes, BytesPerSecond rate) {
  return duration_from_seconds(static_cast<double>(bytes.count()) / rate.count());
}
[[nodiscard]] constexpr Usd operator*(UsdPerHour price, Duration duration) {
  return Usd(price.count() * to_seconds(duration) / 3600.0);
}

}  // namespace epfleet::base
