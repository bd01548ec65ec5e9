// The numbers of a run, as plain data: all that the result files need. A number's meaning is in the
// row that declares it, in the header of its struct. Two sets, never mixed in one quotient:
// requests, latency and objectives are of those that arrived in the window [0, duration), followed
// to their end; tokens, cache, node time and steps are what happened in the window, whoever asked.
// Everything is a total or an average over the window.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/metrics/class_result.h"
#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/latency.h"
#include "epfleet/metrics/metric.h"
#include "epfleet/metrics/objectives.h"
#include "epfleet/metrics/request_counts.h"
#include "epfleet/metrics/scaling_use.h"
#include "epfleet/metrics/service_use.h"
#include "epfleet/metrics/utilisation.h"

namespace epfleet::metrics {

struct RunStatistics {
  base::TimePoint begin, end;  // of the counted window; end < duration when the run was cut short
  RequestCounts requests;
  TokenSums tokens;
  WorkloadMeans workload;
  CacheUse cache;
  Latency latency;
  SloResult slo;
  std::vector<ClassResult> classes;  // of one's own
  NodeUse nodes;
  FailureUse failures;
  Throughput throughput;
  Utilisation utilisation;
  ScalingUse scaling;
  std::int64_t kv_moved_bytes = 0;
  std::int64_t priced_steps = 0;
  Measure out_of_range_ratio;
  std::vector<observe::Decision> decisions;  // of the whole run
  std::vector<Interval> pieces;  // between any two samples: what intervals and hours are made of
  std::vector<Interval> intervals;
  std::vector<Interval> hours;  // from the window's start; the last may be shorter

  [[nodiscard]] double window_seconds() const { return base::to_seconds(end - begin); }
};

inline constexpr Row<RunStatistics> kNetworkRows[] = {
    {"kv_moved_bytes", "bytes", Kind::Flow, Better::Neither, of<&RunStatistics::kv_moved_bytes>,
     "KV moved from prefill to decode, and between decode units."},
};

inline constexpr Row<RunStatistics> kPricingRows[] = {
    {"steps", "steps", Kind::Flow, Better::Neither, of<&RunStatistics::priced_steps>,
     "Steps of prefill and decode units that ended in the window."},
    {"out_of_range_ratio", "share", Kind::Ratio, Better::Neither,
     of<&RunStatistics::out_of_range_ratio>,
     "Of these, the share whose duration was priced outside the calibrated ranges."},
};

}  // namespace epfleet::metrics
