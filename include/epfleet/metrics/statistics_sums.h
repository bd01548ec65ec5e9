// What of a run's numbers are sums of others: requests by how they ended, the window's flows by
// piece, interval and hour.
#pragma once

#include "epfleet/base/sum_check.h"
#include "epfleet/metrics/run_statistics.h"

namespace epfleet::metrics {

void check_sums(base::SumCheck& check, const RunStatistics& run);

}  // namespace epfleet::metrics
