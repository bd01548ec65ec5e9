// What units carry when every step is full: the yardstick of a phase's load. Being busy is none,
// because a unit with a single request is in a step all the time.
// Modelled: a unit at its limits, with the mix of requests that the run had: prefill to its budgets
//   of tokens and of work, decode, even, to its limit of requests or to its KV memory.
// Left out: what imbalance takes off in practice; the run's own steps say how much (utilisation).
#pragma once

#include <optional>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/policy/unit_profile.h"

namespace epfleet::cluster {

using StepMix = policy::RequestMix;  // of the requests that a run served

struct FullStep {
  double tokens_per_gpu = 0.0;  // prefill: computed; decode: emitted
  double requests_per_gpu = 0.0;
  double seconds = 0.0;
  [[nodiscard]] double tokens_per_s_per_gpu() const { return tokens_per_gpu / seconds; }
  // Of decode: seconds per token of a request.
  [[nodiscard]] double tpot_s() const { return seconds * requests_per_gpu / tokens_per_gpu; }
};

[[nodiscard]] FullStep full_prefill_step(const FleetSpec& spec, const StepPricers& pricers,
                                         const StepMix& mix);
[[nodiscard]] FullStep full_decode_step(const FleetSpec& spec, const StepPricers& pricers,
                                        const StepMix& mix);

// A GPU's load of standard prompts, nothing of them cached.
[[nodiscard]] timing::PrefillLoad standard_prefill_load(std::int32_t tokens);

// A decode step of an even unit. REQUIRES: requests_per_gpu >= 1.
[[nodiscard]] FullStep even_decode_step(const FleetSpec& spec, const StepPricers& pricers,
                                        const StepMix& mix, double requests_per_gpu);

// The largest even decode step, a full one at most, in which a token takes no request longer than
// `tpot_s`; none: not even one of a single request a GPU.
[[nodiscard]] std::optional<FullStep> decode_step_within(const FleetSpec& spec,
                                                         const StepPricers& pricers,
                                                         const StepMix& mix, double tpot_s);

}  // namespace epfleet::cluster
