// A step of a unit whose slowest GPU has a share of its speed: all GPUs wait for it.
#pragma once

#include "epfleet/base/time.h"

namespace epfleet::serving {

// REQUIRES: 0 < speed <= 1.
[[nodiscard]] inline base::Duration slowed(base::Duration step, double speed) {
  return speed == 1.0 ? step : base::duration_from_seconds(base::to_seconds(step) / speed);
}

}  // namespace epfleet::serving
