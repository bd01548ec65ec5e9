// Prices single steps of a scenario's units, all GPUs alike, without running a fleet.
#pragma once

#include <cstdint>
#include <functional>

#include "epfleet/config/scenario.h"
#include "epfleet/report/step_report.h"
#include "epfleet/timing/kernels.h"

namespace epfleet::experiment {

// The step of a batch: requests per GPU and tokens of context of each in decode; tokens per GPU and
// of a prompt in prefill. REQUIRES: both at least 1.
using StepPricer = std::function<report::StepReport(std::int64_t, std::int64_t)>;

[[nodiscard]] StepPricer decode_steps(const config::Scenario& scenario, timing::Clock clock);

// Nothing cached; a prompt longer than tokens per GPU comes in chunks, one a step, and the mean of
// these steps is priced.
[[nodiscard]] StepPricer prefill_steps(const config::Scenario& scenario, timing::Clock clock);

}  // namespace epfleet::experiment
