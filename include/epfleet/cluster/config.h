// The fleet: how many units, when they serve, how they fail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/time.h"

namespace epfleet::cluster {

struct UnitCounts {
  std::int64_t prefill_units = 0;
  std::int64_t decode_units = 0;
};

struct FleetConfig {
  UnitCounts base;                         // always allotted
  UnitCounts group;                        // what scaling adds and removes at a time
  std::int64_t groups = 0;                 // without a schedule: how many, all the time
  std::optional<std::int64_t> pool_nodes;  // nodes in all; none: as many as the largest allotment
};

// A step of the published schedule. `at` is an offset from the scenario's start; a daily step
// repeats.
struct ScheduleStep {
  base::Duration at{};
  bool daily = false;
  std::int64_t groups = 0;
};

enum class DrainMode { Migrate, Wait };

struct ScalingConfig {
  std::string policy = "fixed";  // fixed | schedule
  std::vector<ScheduleStep> schedule;
  base::Duration start_up =
      std::chrono::minutes(2);  // weights from the store, warm-up (a guess, 1-5 min)
  DrainMode drain = DrainMode::Migrate;
  base::Duration drain_lead =
      std::chrono::seconds(15);  // a down step begins to drain this long before
};

}  // namespace epfleet::cluster
