// Everything a fleet is made from and run under: hardware, model, rules, sizes, times and limits.
// Plain data: the part of a scenario that the cluster takes as it stands (config::Scenario is this
// and more).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/cache/config.h"
#include "epfleet/cluster/admission_config.h"
#include "epfleet/cluster/config.h"
#include "epfleet/cluster/failures_config.h"
#include "epfleet/hardware/profile.h"
#include "epfleet/metrics/config.h"
#include "epfleet/model/layout.h"
#include "epfleet/model/model.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/policy/scaling.h"
#include "epfleet/serving/config.h"
#include "epfleet/workload/config.h"

namespace epfleet::cluster {

struct FleetSpec {
  std::uint64_t seed = 1;
  base::Duration duration = std::chrono::hours(1);  // of the counted window, from time 0
  model::Model model;
  model::Engine engine;
  hardware::HardwareProfile prefill_hardware, decode_hardware;
  workload::WorkloadConfig workload;  // the fleet obeys its limits and its warm-up
  serving::PrefillConfig prefill;
  serving::DecodeConfig decode;
  serving::ExpertsConfig experts;
  cache::KvCacheConfig kv_cache;
  FleetConfig fleet;
  AdmissionConfig admission;
  policy::ScalingConfig scaling;
  FailuresConfig failures;
  metrics::SloConfig slo;                           // what scaling rules aim at
  std::vector<policy::KnownDemand> known_demand{};  // of the run, for the rule that knows it
  observe::ReportConfig report;                     // the fleet takes samples at its interval
  std::vector<base::TimePoint> samples;             // and at these moments, in order
  // Requests in service at which a run ends early, so that memory stays bounded: 50 times those of
  // the published day's peak, about 3 GB.
  std::size_t most_in_service = 10'000'000;

  [[nodiscard]] base::TimePoint run_start() const {  // auto is not known here: none
    return base::kWindowStart - workload.warm_up.value_or(base::Duration{});
  }
  [[nodiscard]] base::TimePoint window_end() const { return base::kWindowStart + duration; }
  // The latest end of the run: it ends when the window is over and its arrivals are done.
  [[nodiscard]] base::TimePoint run_end() const { return window_end() + report.cool_down; }
  [[nodiscard]] std::int64_t prefill_unit_nodes() const {
    return prefill.gpus / prefill_hardware.gpus_per_node;
  }
  [[nodiscard]] std::int64_t decode_unit_nodes() const {
    return decode.gpus / decode_hardware.gpus_per_node;
  }
  [[nodiscard]] bool in_window(base::TimePoint time) const {
    return time >= base::kWindowStart && time < window_end();
  }
};

// With `auto` replaced by the number it stands for, as in the layouts.
[[nodiscard]] std::int64_t max_requests_per_gpu(const FleetSpec& spec);

// The layouts that model/layout.h and timing work on, and what they take of a GPU's memory.
[[nodiscard]] model::PrefillLayout prefill_layout(const FleetSpec& spec);
[[nodiscard]] model::DecodeLayout decode_layout(const FleetSpec& spec);
[[nodiscard]] model::MemoryPlan prefill_memory(const FleetSpec& spec);
[[nodiscard]] model::MemoryPlan decode_memory(const FleetSpec& spec);

}  // namespace epfleet::cluster
