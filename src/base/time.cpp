#include "epfleet/base/time.h"

#include "epfleet/base/error.h"

namespace epfleet::base {

void refuse_duration(double seconds) {
  EPFLEET_CHECK(seconds >= 0.0, "a duration is a number and not negative");
  break_invariant("seconds * 1e9 < 9.2e18", __FILE__, __LINE__,
                  "a duration fits in 64-bit nanoseconds (292 years)");
}

}  // namespace epfleet::base
