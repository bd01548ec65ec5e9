// A report whose values are all different, so that none can stand in the place of another.
#pragma once

#include "epfleet/report/run_report.h"
#include "sample_report.h"

namespace epfleet::report {

constexpr std::int64_t kWindowNs = 1000 * kSecond;

// 1,000 s from the start of the window.
metrics::Interval distinct_interval();
cost::Account distinct_account();
metrics::Latency distinct_latencies();

// In every place that summary.json has for a number.
RunReport distinct_report();

}  // namespace epfleet::report
