// The steps of scaling.schedule laid over a run. Daily steps repeat every 24 h, also before the
// window; before the first step of all, the last daily step or else fleet.groups is in force.
// A down step drains its groups scaling.drain_lead ahead, so that they are empty when it comes.
// Steps may be closer together than that: a group that a later step takes away does not serve again
// in between.
#include <algorithm>
#include <memory>
#include <vector>

#include "epfleet/policy/scaling.h"

namespace epfleet::policy {
namespace {

constexpr base::Duration kDay = std::chrono::hours(24);

struct Change {
  base::TimePoint at;
  std::int64_t groups = 0;      // from then on
  base::TimePoint begins = at;  // an earlier time: what it takes away drains from then on
};

// Every occurrence of the schedule's steps from a day before the run to its end.
std::vector<Change> occurrences(const ScalingSetup& setup) {
  std::vector<Change> all;
  for (const ScheduleStep& step : setup.config.schedule) {
    base::TimePoint at = base::kWindowStart + step.at;
    if (!step.daily) {
      all.push_back({at, step.groups});
      continue;
    }
    while (at > setup.run_start - kDay) {
      at -= kDay;
    }
    for (; at <= setup.run_end; at += kDay) {
      all.push_back({at, step.groups});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Change& a, const Change& b) { return a.at < b.at; });
  return all;
}

class GroupSchedule : public ScalingRule {
 public:
  explicit GroupSchedule(const ScalingSetup& setup)
      : base_(setup.base), group_(setup.group), initial_groups_(setup.groups) {
    std::int64_t groups = setup.groups;
    for (Change change : occurrences(setup)) {
      if (change.at <= setup.run_start) {
        initial_groups_ = groups = change.groups;
      } else if (change.groups != groups && change.at < setup.run_end) {
        change.begins -= change.groups < groups ? setup.config.drain_lead : base::Duration{};
        changes_.push_back(change);
        groups = change.groups;
      }
    }
  }

  Target decide(const FleetView& /*view*/, base::TimePoint now) override {
    std::int64_t allotted = initial_groups_, serving = initial_groups_;
    base::TimePoint next = base::TimePoint::max();
    for (const Change& change : changes_) {
      if (change.at <= now) {
        allotted = serving = change.groups;
      } else if (change.begins <= now) {
        serving = std::min(serving, change.groups);
        next = std::min(next, change.at);
      } else {
        next = std::min(next, change.begins);
      }
    }
    return {units(allotted), units(serving), next};
  }

  [[nodiscard]] UnitCounts most_units() const override {
    std::int64_t groups = initial_groups_;
    for (const Change& change : changes_) {
      groups = std::max(groups, change.groups);
    }
    return units(groups);
  }

 private:
  [[nodiscard]] UnitCounts units(std::int64_t groups) const { return base_ + groups * group_; }

  UnitCounts base_, group_;
  std::int64_t initial_groups_;  // at the start of the run
  std::vector<Change> changes_;  // later, in order of time; each differs from what was before
};

}  // namespace

std::unique_ptr<ScalingRule> make_group_schedule(const ScalingSetup& setup) {
  return std::make_unique<GroupSchedule>(setup);
}

}  // namespace epfleet::policy
