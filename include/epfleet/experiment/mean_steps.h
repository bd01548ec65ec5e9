// steps.json of a result: one prefill and one decode step at the mean load of the run, as `epfleet
// timing --json` tells them. What had no step is left out.
#pragma once

#include <string>

#include "epfleet/config/scenario.h"
#include "epfleet/report/run_report.h"

namespace epfleet::experiment {

[[nodiscard]] std::string mean_steps_json(const config::Scenario& scenario,
                                          const report::RunReport& report);

}  // namespace epfleet::experiment
