// How many groups of units are allotted when: the fixed number, or a schedule's steps laid over the
// run.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/cluster/config.h"

namespace epfleet::cluster {

struct AllotmentChange {
  base::TimePoint at;
  std::int64_t groups = 0;  // from then on
};

struct Allotment {
  std::int64_t initial_groups = 0;  // at the start of the run
  std::vector<AllotmentChange>
      changes;  // later, in order of time; each differs from what was before
  [[nodiscard]] std::int64_t most_groups() const;
};

// Daily steps repeat every 24 h, also before the window; before the first step of all, the last
// daily step or else fleet.groups is in force.
[[nodiscard]] Allotment plan_allotment(const FleetConfig& fleet, const ScalingConfig& scaling,
                                       base::TimePoint run_start, base::TimePoint run_end);

}  // namespace epfleet::cluster
