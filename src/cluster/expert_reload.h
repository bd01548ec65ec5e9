// Whether a decode unit can go on without some of its GPUs, and how long it reads experts for that.
#pragma once

#include <cstdint>

#include "epfleet/cluster/fleet_spec.h"

namespace epfleet::cluster {

struct ExpertReload {
  bool fits = false;      // every expert has a slot among the GPUs that are left
  base::Duration time{};  // until those without a copy are there
};

[[nodiscard]] ExpertReload expert_reload(const FleetSpec& spec, std::int64_t lost_gpus);

}  // namespace epfleet::cluster
