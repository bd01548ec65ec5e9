// Statistics over requests: how many, how long, how they did against the objectives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "class_meter.h"
#include "epfleet/base/time.h"
#include "epfleet/metrics/duration_statistics.h"
#include "epfleet/metrics/run_statistics.h"
#include "epfleet/observe/facts.h"
#include "epfleet/workload/plain.h"
#include "epfleet/workload/request.h"
#include "slo_meter.h"
#include "timeline.h"

namespace epfleet::metrics {

class RequestMeter {
 public:
  // Without classes of one's own all requests are alike.
  RequestMeter(base::Duration duration, const SloConfig& slo,
               const std::vector<ClassObjectives>& classes = {});

  void add(const observe::RequestDone& request, Timeline& timeline);

  // Fills in requests, workload, latency (but ITL), slo and tokens.reasoning.
  // REQUIRES: what comes from samples is there (window, tokens, preemptions, peak).
  void describe(RunStatistics& run);

 private:
  // Sums over requests; doubled where the formula has a half.
  struct WorkloadSums {
    std::int64_t requests = 0, input = 0, output = 0, kv_twice = 0;
    std::int64_t computed = 0, pairs_twice = 0;
  };
  struct Reasoning {
    std::int64_t reasoning = 0, output = 0;
  };

  void follow(const observe::RequestDone& request, Measure speed, Timeline& timeline);
  void count_workload(const observe::RequestDone& request);
  void count_outcome(const observe::RequestDone& request, Measure speed);
  void count_completed(const observe::RequestDone& request, Measure speed);
  [[nodiscard]] bool keeps_limits(const observe::RequestDone& request, base::Duration ttft,
                                  std::optional<base::Duration> tpot);
  [[nodiscard]] ClassMeter* class_of(const observe::RequestDone& request) {
    return classes_.empty() ? nullptr : &classes_[workload::own_class_of(request.session)];
  }
  [[nodiscard]] WorkloadMeans workload_means() const;
  [[nodiscard]] OutputSpeed output_speed();
  [[nodiscard]] std::int64_t reasoning_tokens(const TokensByPayer& tokens) const;

  base::Duration duration_;
  RequestCounts counts_;
  double in_service_s_ = 0.0;  // of all requests, within the window
  WorkloadSums workload_;
  std::array<Reasoning, workload::kVariants> reasoning_{};
  DurationStatistics ttft_{Resolution::Fine}, tpot_{Resolution::Fine}, e2e_{Resolution::Fine};
  DurationStatistics queue_prefill_{Resolution::Fine}, kv_transfer_{Resolution::Fine};
  DurationStatistics queue_decode_{Resolution::Fine};
  SpeedSum speed_;
  LimitMeter ttft_limit_, tpot_limit_;
  std::int64_t within_all_limits_ = 0;
  std::vector<ClassMeter> classes_;
};

}  // namespace epfleet::metrics
