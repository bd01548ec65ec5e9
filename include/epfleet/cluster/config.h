// How many units the fleet has; when they serve is policy/scaling_config.h.
#pragma once

#include <cstdint>
#include <optional>

namespace epfleet::cluster {

struct UnitCounts {
  std::int64_t prefill_units = 0;
  std::int64_t decode_units = 0;
};

struct FleetConfig {
  UnitCounts base;                         // always allotted
  UnitCounts group;                        // what scaling adds and removes at a time
  std::int64_t groups = 0;                 // without a schedule: how many, all the time
  std::optional<std::int64_t> pool_nodes;  // nodes in all; none: as many as the largest allotment
};

}  // namespace epfleet::cluster
