// When groups of units come and go, and how.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epfleet/base/time.h"

namespace epfleet::policy {

// A step of a schedule. `at` is an offset from the window's start; a daily step repeats.
struct ScheduleStep {
  base::Duration at{};
  bool daily = false;
  std::int64_t groups = 0;
};

enum class DrainMode { Migrate, Wait };

struct ScalingConfig {
  std::string policy = "fixed";  // a rule of scaling_rules()
  std::vector<ScheduleStep> schedule;
  // Weights from the store, warm-up (a guess, 1-5 min).
  base::Duration start_up = std::chrono::minutes(2);
  DrainMode drain = DrainMode::Migrate;
  // A down step begins to drain this long before.
  base::Duration drain_lead = std::chrono::seconds(15);
};

}  // namespace epfleet::policy
