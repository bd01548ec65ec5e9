#include "epfleet/base/time.h"

#include <cmath>

#include "epfleet/base/error.h"

namespace epfleet::base {

Duration duration_from_seconds(double seconds) {
  EPFLEET_CHECK(seconds >= 0.0, "a duration is a number and not negative");
  const double nanoseconds = std::ceil(seconds * 1e9);
  constexpr double kLimit = 9.2e18;  // just below 2^63
  EPFLEET_CHECK(nanoseconds < kLimit, "a duration fits in 64-bit nanoseconds (292 years)");
  return Duration(static_cast<std::int64_t>(nanoseconds));
}

}  // namespace epfleet::base
