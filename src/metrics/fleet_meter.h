// Statistics from the samples of the whole fleet: differences of running totals, cut into intervals
// and hours, and what was seen at the samples themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/recorder.h"
#include "epfleet/metrics/run_statistics.h"
#include "epfleet/observe/facts.h"
#include "timeline.h"

namespace epfleet::metrics {

class FleetMeter {
 public:
  explicit FleetMeter(const RecorderConfig& config) : config_(config) {}

  // Between the samples at the two ends of the window.
  [[nodiscard]] bool in_window() const { return started_ && !ended_; }

  void add(const observe::FleetSample& sample);

  // Fills in the window, intervals, hours, and all that node time, tokens and the store give.
  void describe(RunStatistics& run, Timeline& timeline) const;

 private:
  // The pieces of each stretch of that width, from the window's start, as one row.
  [[nodiscard]] std::vector<Interval> joined(base::Duration width) const;
  [[nodiscard]] TokenSums tokens_in(const Interval& window) const;
  [[nodiscard]] NodeUse nodes_in(const Interval& window) const;
  [[nodiscard]] FailureUse failures_in(const Interval& window) const;
  [[nodiscard]] CacheUse store_in(const Interval& window) const;

  RecorderConfig config_;
  observe::FleetSample first_;  // at the window's start
  observe::FleetSample last_;   // at the end of the last piece
  bool started_ = false, ended_ = false;
  std::vector<Interval> pieces_;  // from sample to sample
};

}  // namespace epfleet::metrics
