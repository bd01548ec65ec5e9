// Service-level objectives: which latency limits a request must meet, and over which window they
// are judged.
#pragma once

#include <optional>

#include "epfleet/base/time.h"

namespace epfleet::metrics {

struct SloLimit {
  std::optional<base::Duration> limit;
  std::optional<double> quantile;  // judged per window; none: every request counts on its own
};

struct SloConfig {
  SloLimit ttft;
  SloLimit tpot;
  base::Duration window = std::chrono::minutes(5);
};

}  // namespace epfleet::metrics
