// From a fleet's specification to the experts of its units: what their imbalance is computed from,
// and what a rebalance moves and costs.
// Modelled: all units of a phase are alike; the GPU that fetches most experts, through its own RDMA
//   NIC at full rate, ends a rebalance. Rebalances are staggered: unit i of n at (i + 0.5) / n of
//   the interval.
// Left out: NICs of the senders, the time of planning (experts.rebalance_delay), loading weights
//   from host memory or the store instead of from other GPUs.
#pragma once

#include <cstdint>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/experts/expert_load.h"
#include "epfleet/serving/rebalance_pause.h"

namespace epfleet::cluster {

// Read experts.loads where the popularity is observed. Throw InputError.
[[nodiscard]] experts::ExpertLoadSpec prefill_expert_load(const FleetSpec& spec);
[[nodiscard]] experts::ExpertLoadSpec decode_expert_load(const FleetSpec& spec);

// One rebalance of a unit.
struct RebalanceWork {
  std::int64_t experts = 0;  // fetched by the GPU that fetches most, over all layers
  base::Bytes bytes{};       // of their weights
  base::Duration time{};     // at the NIC's rate
};
[[nodiscard]] RebalanceWork prefill_rebalance(const FleetSpec& spec);
[[nodiscard]] RebalanceWork decode_rebalance(const FleetSpec& spec);

// How long a rebalance stops a unit of the phase: nothing unless experts.rebalance_cost is stall.
[[nodiscard]] base::Duration prefill_stall(const FleetSpec& spec);
[[nodiscard]] base::Duration decode_stall(const FleetSpec& spec);

// The stops of unit `index` of `units`.
[[nodiscard]] serving::RebalancePause pause_of_unit(const FleetSpec& spec, base::Duration stall,
                                                    std::uint32_t index, std::size_t units);

}  // namespace epfleet::cluster
