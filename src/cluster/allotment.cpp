#include "epfleet/cluster/allotment.h"

#include <algorithm>

namespace epfleet::cluster {
namespace {

constexpr base::Duration kDay = std::chrono::hours(24);

// Every occurrence of the schedule's steps from a day before the run to its end.
std::vector<AllotmentChange> occurrences(const ScalingConfig& scaling, base::TimePoint run_start,
                                         base::TimePoint run_end) {
  std::vector<AllotmentChange> all;
  for (const ScheduleStep& step : scaling.schedule) {
    base::TimePoint at = base::kWindowStart + step.at;
    if (!step.daily) {
      all.push_back({at, step.groups});
      continue;
    }
    while (at > run_start - kDay) {
      at -= kDay;
    }
    for (; at <= run_end; at += kDay) {
      all.push_back({at, step.groups});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const AllotmentChange& a, const AllotmentChange& b) { return a.at < b.at; });
  return all;
}

}  // namespace

std::int64_t Allotment::most_groups() const {
  std::int64_t most = initial_groups;
  for (const AllotmentChange& change : changes) {
    most = std::max(most, change.groups);
  }
  return most;
}

Allotment plan_allotment(const FleetConfig& fleet, const ScalingConfig& scaling,
                         base::TimePoint run_start, base::TimePoint run_end) {
  Allotment plan{.initial_groups = fleet.groups, .changes = {}};
  if (scaling.policy != "schedule") {
    return plan;
  }
  std::int64_t groups = fleet.groups;
  for (const AllotmentChange& change : occurrences(scaling, run_start, run_end)) {
    if (change.at <= run_start) {
      plan.initial_groups = groups = change.groups;
    } else if (change.groups != groups && change.at < run_end) {
      plan.changes.push_back(change);
      groups = change.groups;
    }
  }
  return plan;
}

}  // namespace epfleet::cluster
