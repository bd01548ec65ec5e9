// Prices single steps of a scenario's units, all GPUs alike, without running a fleet.
#pragma once

#include <cstdint>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/config/scenario.h"
#include "epfleet/report/step_report.h"
#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/kernels.h"
#include "epfleet/timing/prefill_layer.h"

namespace epfleet::experiment {

class DecodeSteps {
 public:
  DecodeSteps(const config::Scenario& scenario, timing::Clock clock);
  // REQUIRES: both at least 1.
  [[nodiscard]] report::StepReport price(std::int64_t requests_per_gpu,
                                         std::int64_t context_tokens) const;

 private:
  cluster::FleetSpec spec_;
  model::DecodeLayout layout_;
  timing::DecodeLayer layer_;
  report::StepReport unit_;  // what is the same for every batch
};

class PrefillSteps {
 public:
  PrefillSteps(const config::Scenario& scenario, timing::Clock clock);
  // Nothing cached; a prompt longer than tokens_per_gpu comes in chunks, one a step, and the mean
  // of these steps is priced. REQUIRES: both at least 1.
  [[nodiscard]] report::StepReport price(std::int64_t tokens_per_gpu,
                                         std::int64_t prompt_tokens) const;

 private:
  cluster::FleetSpec spec_;
  timing::PrefillLayer layer_;
  report::StepReport unit_;
};

}  // namespace epfleet::experiment
