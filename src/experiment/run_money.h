// What of a report follows from its statistics and the prices alone.
#pragma once

#include "epfleet/config/scenario.h"
#include "epfleet/cost/statement.h"
#include "epfleet/experiment/run_verdict.h"
#include "epfleet/report/run_report.h"

namespace epfleet::experiment {

[[nodiscard]] cost::PricingBasis pricing_basis(const config::Scenario& scenario);

void put_prices(const config::Scenario& scenario, const NodeCapacity& capacity,
                report::RunReport& report);

// The report of a run under other prices of GPUs, tokens or energy; all else is as it was.
[[nodiscard]] report::RunReport repriced(const config::Scenario& scenario,
                                         report::RunReport report);

}  // namespace epfleet::experiment
