// When units come and go, and how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"

namespace epfleet::policy {

// A step of a schedule. `at` is an offset from the window's start; a daily step repeats.
struct ScheduleStep {
  base::Duration at{};
  bool daily = false;
  std::int64_t groups = 0;
};

enum class DrainMode { Migrate, Wait };

// Starting a unit: its nodes go through the phases side by side, and it starts when the slowest is
// ready. The phases together are 4 minutes (1.5 with everything cached, 10 cold).
struct StartUpConfig {
  std::optional<base::Duration> total;  // instead of all phases
  base::Duration node{};                // allotting it: none is waited for
  base::Duration container = std::chrono::seconds(16);
  std::optional<base::Duration> weights;             // none: bytes over the narrowest of the three
  base::Duration compile = std::chrono::minutes(3);  // and warm-up
  base::Duration graphs = std::chrono::seconds(37);
  std::optional<base::BytesPerSecond> nvme_bandwidth;  // of a node; none: not by way of NVMe
  base::BytesPerSecond store_bandwidth{7.256858e12};   // of the store, shared by nodes that load
  double spread = 0.0;                                 // a node takes up to this share longer
  double failure_ratio = 0.0;                          // share of starts that never end ...
  base::Duration timeout = std::chrono::minutes(20);   // ... and are given up then
};

// Of the rules of the same name.
struct TargetConfig {
  double prefill_load = 0.8, decode_load = 0.8;  // work over what full steps would carry
  double tolerance = 0.1;
};
struct SaturationConfig {
  double kv_spare = 0.10;    // share of the KV memory
  double queue_limit = 5.0;  // waiting requests per GPU that fill it
  double queue_spare = 3.0;  // of them
  double kv_limit = 0.80;    // share of the KV memory that fills it
};
enum class Predictor { Constant, Seasonal, HoltWinters, Kalman };
struct PlannerConfig {
  std::optional<base::Duration> ttft, itl;  // none: the objectives' limits
  base::Duration throughput_interval = std::chrono::seconds(180);
  Predictor predictor = Predictor::Constant;
  double down_sensitivity = 0.8;
};
struct SloRuleConfig {
  double prefill_load = 0.8;  // to which prefill is filled
  double smoothing = 0.3, trend_smoothing = 0.1;
};

struct ScalingConfig {
  std::string policy = "fixed";  // a rule of scaling_rules()
  std::vector<ScheduleStep> schedule;
  StartUpConfig start_up;
  DrainMode drain = DrainMode::Migrate;
  // A down step begins to drain this long before.
  base::Duration drain_lead = std::chrono::seconds(15);

  // Of rules that follow the load.
  base::Duration interval = std::chrono::seconds(15);      // between decisions
  base::Duration window = std::chrono::minutes(1);         // over which load and latency are seen
  base::Duration view_age{};                               // of what a decision sees
  base::Duration stabilisation = std::chrono::minutes(5);  // scale down to the most of so long
  bool separate = false;                                   // the phases apart, not in groups
  std::int64_t min_groups = 0;
  std::optional<std::int64_t> max_groups;  // none: what the pool or the budget holds
  std::optional<std::int64_t> gpu_budget;  // GPUs allotted at once, draining ones included

  TargetConfig target;
  SaturationConfig saturation;
  PlannerConfig planner;
  SloRuleConfig slo;
};

}  // namespace epfleet::policy
