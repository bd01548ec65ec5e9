// The time of two things that overlap but for some friction: (a^p + b^p)^(1/p), between the larger
// of both (p large) and their sum (p = 1).
#pragma once

#include <algorithm>

#include "epfleet/base/real_math.h"

namespace epfleet::timing {

// REQUIRES: a, b >= 0; power >= 1.
inline double soft_maximum(double a, double b, double power) {
  const double larger = std::max(a, b);
  if (larger <= 0.0) {
    return 0.0;
  }
  const double ratio = std::min(a, b) / larger;
  return ratio <= 0.0 ? larger
                      : larger * base::real_pow(1.0 + base::real_pow(ratio, power), 1.0 / power);
}

}  // namespace epfleet::timing
