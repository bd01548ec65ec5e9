// From a fleet's specification to what its two kinds of units need: step prices, limits, bytes per
// token.
#pragma once

#include <memory>
#include <vector>

#include "epfleet/base/worker.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/policy/scaling.h"
#include "epfleet/serving/decode_unit.h"
#include "epfleet/serving/prefill_unit.h"
#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"

namespace epfleet::cluster {

struct StepPricers {
  timing::PrefillPricer prefill;
  timing::DecodePricer decode;
  // What a rebalance of the experts adds to a step that it delays.
  base::Duration prefill_stall{}, decode_stall{};
};

// Expected imbalance of the experts' placement in a unit of the phase (Monte Carlo, up to a
// second).
[[nodiscard]] model::ExpertImbalance prefill_imbalance(const FleetSpec& spec);
[[nodiscard]] model::ExpertImbalance decode_imbalance(const FleetSpec& spec);

// With these imbalances inside; a worker finds one of them.
[[nodiscard]] StepPricers make_step_pricers(const FleetSpec& spec, base::Worker* worker = nullptr);

// Throw InputError when the KV of one context of the limit does not fit beside the weights.
[[nodiscard]] serving::PrefillUnitLimits prefill_limits(const FleetSpec& spec,
                                                        const timing::PrefillPricer& pricer);
[[nodiscard]] serving::DecodeUnitLimits decode_limits(const FleetSpec& spec);

// scaling.policy by its name. `profile` must outlive it; none: the rule only tells its limits.
[[nodiscard]] std::unique_ptr<policy::ScalingRule> make_scaling_rule(
    const FleetSpec& spec, const policy::UnitProfile* profile = nullptr);

// What the rule allots from the start of the run to its end, if that does not follow the load; if
// it does, the most that it may.
struct Allotment {
  base::TimePoint from, until;
  UnitCounts units;
};
[[nodiscard]] std::vector<Allotment> allotments_without_load(const FleetSpec& spec);

// The MTP module's layer included when it is on.
[[nodiscard]] std::int64_t kv_bytes_per_token(const FleetSpec& spec);

}  // namespace epfleet::cluster
