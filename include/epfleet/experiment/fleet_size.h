// How large a fleet plain traffic needs, from step prices alone: where a user starts, and a plan
// looks closer.
// Modelled: even units in full steps, decode in steps that keep the TPOT objective; each phase
//   loaded to kSizedLoad, which leaves room for queues and imbalance (a choice; the plan tells).
#pragma once

#include <cstdint>
#include <optional>

#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

inline constexpr double kSizedLoad = 0.7;

// Of single requests.
struct PlainTraffic {
  double input = 0.0, output = 0.0;  // tokens, means
  double cv = 0.0;                   // standard deviation / mean of both
  double hit_ratio = 0.0;            // of the input
  std::optional<double> rate;        // per second; none: what the nodes carry
};

struct FleetSize {
  std::int64_t prefill_gpus = 0, decode_gpus = 0;  // of a unit
  std::int64_t prefill_units = 0, decode_units = 0;
  std::int64_t nodes = 0;
  double rate = 0.0;  // that it carries at kSizedLoad
};

// The fewest nodes for the rate, or the highest rate of so many nodes, over the EP sizes that fit
// the memory (those of the scenario if `keep_ep`). None: no unit of both phases fits.
[[nodiscard]] std::optional<FleetSize> size_fleet(config::Scenario scenario,
                                                  const PlainTraffic& traffic,
                                                  std::optional<std::int64_t> nodes, bool keep_ep);

}  // namespace epfleet::experiment
