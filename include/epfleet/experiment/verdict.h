// Whether a run's numbers mean what they seem to: did the service keep up, and did it keep its
// objectives.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/metrics/run_statistics.h"

namespace epfleet::experiment {

// The queues of a window are judged at so many moments, which are not report.interval's.
inline constexpr std::int64_t kWindowLooks = 64;
// The state of the fleet at these moments.
[[nodiscard]] std::vector<metrics::Interval> looks_of(const metrics::RunStatistics& statistics);

struct Verdict {
  bool good = true;
  std::string why;  // not: in words
};

// A queue grows if its mean over the last quarter of the observations is above that over the first
// one by a fifth, by 2 % of all requests in service and by 4 times the chance deviation of a queue
// of that length (its root).
[[nodiscard]] bool grows(std::span<const double> queue, double in_service);

// A service keeps up unless a queue grows over the window, half of the requests wait more than 10 s
// for their first token, or half of them get none. The thresholds are choices; a diverging queue
// passes them soon, a steady one stays below. A window of less than 8 looks cannot be judged by its
// queues.
[[nodiscard]] Verdict keeps_up(const metrics::RunStatistics& statistics);

// Whether every objective was met: with a quantile in every window of slo.window, without one by
// every request; no request was rejected, and the service kept up.
// REQUIRES: the scenario has an objective.
[[nodiscard]] Verdict meets_slo(const metrics::RunStatistics& statistics);

[[nodiscard]] bool has_objectives(const metrics::RunStatistics& statistics);

// Throws InputError: `who` needs an objective, and the scenario has none.
void require_slo(const metrics::RunStatistics& statistics, std::string_view who);

}  // namespace epfleet::experiment
