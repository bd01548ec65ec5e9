// Everything a fleet is made from: hardware, model, layouts, rules, sizes and times. Plain data.
#pragma once

#include <cstdint>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/cache/config.h"
#include "epfleet/cluster/config.h"
#include "epfleet/hardware/profile.h"
#include "epfleet/model/layout.h"
#include "epfleet/model/model.h"
#include "epfleet/serving/config.h"

namespace epfleet::cluster {

struct FleetSpec {
  std::uint64_t seed = 0;
  base::Duration duration{};  // of the counted window, from time 0
  base::Duration warm_up{};   // before it, simulated but not counted
  base::Duration sample_interval = std::chrono::seconds(60);
  hardware::HardwareProfile prefill_hardware, decode_hardware;
  model::Model model;
  model::PrefillLayout prefill_layout;
  model::DecodeLayout decode_layout;
  serving::PrefillConfig prefill;
  serving::DecodeConfig decode;
  serving::ExpertsConfig experts;
  cache::KvCacheConfig kv_cache;
  FleetConfig fleet;
  ScalingConfig scaling;
  std::int64_t context_limit = 65'536;  // prompt + output, tokens
  std::int64_t output_limit = 32'768;   // tokens

  [[nodiscard]] base::TimePoint run_start() const { return base::kWindowStart - warm_up; }
  [[nodiscard]] base::TimePoint window_end() const { return base::kWindowStart + duration; }
};

}  // namespace epfleet::cluster
