// Money of classes that pay prices of their own.
#pragma once

#include <vector>

#include "epfleet/config/scenario.h"
#include "epfleet/cost/statement.h"
#include "epfleet/metrics/run_statistics.h"

namespace epfleet::experiment {

// The prices that the mix of classes pays on average, weighted by their tokens, whose mix is taken
// to be the same at all times. None without classes of one's own.
void set_paid_books(const config::Scenario& scenario,
                    const std::vector<metrics::ClassResult>& classes, cost::PricingBasis& basis);

// Shares the expected revenue out: each class by its part of the window's tokens at its prices.
void share_revenue(const config::Scenario& scenario, const cost::Statement& statement,
                   metrics::RunStatistics& statistics);

}  // namespace epfleet::experiment
