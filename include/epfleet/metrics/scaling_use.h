// What scaling did in the window.
#pragma once

#include <cstdint>

#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

struct ScalingUse {
  std::int64_t decisions = 0, units_started = 0, units_stopped = 0;
};

inline constexpr Row<ScalingUse> kScalingRows[] = {
    {"decisions", "decisions", Kind::Flow, Better::Neither, of<&ScalingUse::decisions>,
     "Times that the scaling rule changed how many units are allotted or serve."},
    {"units_started", "units", Kind::Flow, Better::Neither, of<&ScalingUse::units_started>,
     "Units that were allotted and began to load."},
    {"units_stopped", "units", Kind::Flow, Better::Neither, of<&ScalingUse::units_stopped>,
     "Units that were released."},
};

}  // namespace epfleet::metrics
