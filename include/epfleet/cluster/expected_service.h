// How long a request would take in a fleet that carries a steady load: an estimate from the timing
// model, made before anything is simulated. The workload uses it only to place the turns of
// conversations in time when it solves for session starts; the simulated service times come from
// the simulation.
#pragma once

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"

namespace epfleet::cluster {

struct SteadyLoad {
  double output_tokens_per_s = 0.0;  // of the whole fleet
  double mean_kv_tokens = 5'000.0;   // per request in decode
};

struct ServiceEstimate {
  double prefill_s = 0.0;  // arrival to first token
  double per_output_token_s = 0.0;
};

// The batch at which decode units just keep up with the load, by bisection on the step price.
[[nodiscard]] ServiceEstimate estimate_service(const FleetSpec& spec, const StepPricers& pricers,
                                               const SteadyLoad& load);

struct FleetCapacity {
  double prefill_tokens_per_s = 0.0;  // computed, in full steps of standard prompts
  double output_tokens_per_s = 0.0;   // in decode steps as full as limits and memory allow
};

// Of the units that are allotted, on average over the run.
[[nodiscard]] FleetCapacity fleet_capacity(const FleetSpec& spec, const StepPricers& pricers,
                                           double mean_kv_tokens);

// What one GPU of a full prefill unit computes a second, standard prompts.
[[nodiscard]] double prefill_tokens_per_s_per_gpu(const FleetSpec& spec,
                                                  const timing::PrefillPricer& pricer);

}  // namespace epfleet::cluster
