// How many units the fleet has; when they serve is policy/scaling_config.h.
#pragma once

#include <cstdint>
#include <optional>

#include "epfleet/policy/unit_counts.h"

namespace epfleet::cluster {

using policy::UnitCounts;

struct FleetConfig {
  UnitCounts base;                         // always allotted
  UnitCounts group;                        // what scaling adds and removes at a time
  std::int64_t groups = 0;                 // without a schedule: how many, all the time
  std::optional<std::int64_t> pool_nodes;  // nodes in all; none: as many as the largest allotment
};

}  // namespace epfleet::cluster
