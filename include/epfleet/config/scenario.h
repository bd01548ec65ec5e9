// Everything that one run is asked to do: the configurations of all modules in one aggregate.
// Plain values with defaults in place; what a key is called, what it may hold and why is in the key
// table (key.h), and what must hold between keys in check.h.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/cache/config.h"
#include "epfleet/cluster/config.h"
#include "epfleet/config/value.h"
#include "epfleet/cost/config.h"
#include "epfleet/hardware/profile.h"
#include "epfleet/metrics/config.h"
#include "epfleet/model/layout.h"
#include "epfleet/model/model.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/serving/config.h"
#include "epfleet/workload/config.h"

namespace epfleet::config {

struct Scenario {
  std::string name = "scenario";
  std::uint64_t seed = 1;
  CalendarTime start;                               // of the counted window
  base::Duration duration = std::chrono::hours(1);  // of the counted window

  model::Model model;
  hardware::HardwareProfile hardware;
  hardware::HardwareProfile
      prefill_hardware;  // `hardware` with the fields of prefill.hardware on top
  hardware::HardwareProfile decode_hardware;  // the same for decode.hardware

  workload::WorkloadConfig workload;
  serving::PrefillConfig prefill;
  serving::DecodeConfig decode;
  serving::ExpertsConfig experts;
  cache::KvCacheConfig kv_cache;
  cluster::FleetConfig fleet;
  cluster::ScalingConfig scaling;
  metrics::SloConfig slo;
  cost::PricesConfig prices;
  observe::ReportConfig report;

  // Where it came from; no part of what is simulated.
  std::string file;             // the scenario file, as given
  std::set<std::string> given;  // keys that a file or --set states; the others are defaults
};

// Redundant experts and requests per GPU with `auto` replaced by the number it stands for.
// `auto` that no count satisfies: none (check() reports it).
[[nodiscard]] std::optional<std::int64_t> prefill_redundant_experts(const Scenario& scenario);
[[nodiscard]] std::optional<std::int64_t> decode_redundant_experts(const Scenario& scenario);
[[nodiscard]] std::int64_t max_requests_per_gpu(const Scenario& scenario);

// The layouts that model/layout.h and timing work on.
// REQUIRES: a scenario that check() accepts.
[[nodiscard]] model::PrefillLayout prefill_layout(const Scenario& scenario);
[[nodiscard]] model::DecodeLayout decode_layout(const Scenario& scenario);

}  // namespace epfleet::config
