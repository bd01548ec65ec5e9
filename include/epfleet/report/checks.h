// Published beside simulated. A row says what the published figure is to this run (its role), how
// far off the simulated value is, and, where the band script has been run, what the guesses leave
// open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epfleet/metrics/metric.h"
#include "epfleet/report/published.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

struct CheckRow : PublishedValue {  // with the role that it has to this run
  metrics::Measure simulated;
  Band band;                          // from the plausible ranges of the guesses
  bool band_stale = false;            // made for a scenario with another fingerprint
  std::optional<double> error_ratio;  // simulated / published - 1
  std::optional<bool> within;  // the published range or the tolerance; none: nothing to judge by
  std::string note;            // why there is no judgement, or which hour; may be empty
};

// By role, inputs first and predictions last; in a role in the order of the file. The worst hour of
// the chart, if there is one, is the last of the inputs.
[[nodiscard]] std::vector<CheckRow> make_checks(const RunReport& report);

// simulated / published - 1 by the hour; none for hours without a published one or not yet whole.
[[nodiscard]] std::vector<std::optional<double>> hourly_revenue_errors(const RunReport& report);

}  // namespace epfleet::report
