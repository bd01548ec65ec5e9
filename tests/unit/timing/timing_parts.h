// What several tests of prices share.
#pragma once

#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/model/layout.h"
#include "epfleet/timing/step_price.h"

namespace epfleet::timing {

inline constexpr double kUs = 1e-6;                // seconds
inline constexpr std::int32_t kExpertLayers = 59;  // of V3: 58 and the MTP layer

// The busiest GPU's load over the mean by the logarithm of tokens: 1.1 + `first`, falling to 1.1.
inline model::ExpertImbalance falling_imbalance(double first) {
  model::ExpertImbalance imbalance;
  for (int knot = 0; knot <= 16; ++knot) {
    imbalance.max_over_mean.push_back(1.1 + first / (1.0 + knot));
  }
  return imbalance;
}

inline double seconds(const StepPrice& price) { return base::to_seconds(price.duration); }

}  // namespace epfleet::timing
