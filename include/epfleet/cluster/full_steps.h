// What units carry when every step is full: the yardstick of a phase's load. Being busy is none,
// because a unit with a single request is in a step all the time.
// Modelled: a unit at its limits, with the mix of requests that the run had: prefill to its budgets
//   of tokens and of work, decode, even, to its limit of requests or to its KV memory.
// Left out: what imbalance takes off in practice; the run's own steps say how much (utilisation).
#pragma once

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"

namespace epfleet::cluster {

// Of the requests that a run served.
struct StepMix {
  double cached_per_computed_token = 0.0;
  double pairs_per_computed_token = 0.0;  // query-key pairs
  double computed_tokens_per_request = 0.0;
  double kv_tokens_per_request = 0.0;  // in decode
};

struct FullStep {
  double tokens_per_gpu = 0.0;  // prefill: computed; decode: emitted
  double requests_per_gpu = 0.0;
  double seconds = 0.0;
  [[nodiscard]] double tokens_per_s_per_gpu() const { return tokens_per_gpu / seconds; }
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

}  // namespace epfleet::cluster
