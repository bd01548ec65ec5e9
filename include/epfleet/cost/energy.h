// What the nodes drew.
// Modelled: a node's power by its phase and by whether it is in a step, idle, loading or down,
//   times the building's overhead (PUE). Draining nodes draw what their phase does in a step, down
//   and spare ones what idle ones do.
// Left out: power that follows the batch within a step (an H100 draws 300 W alone and 580 W at a
//   batch of 128); nodes that train meanwhile.
// Source: 10.2 kW is an 8-GPU system at its limit; 1.73 kW a GPU is the all-in figure of others,
//   which 10.2 kW x 1.3 / 8 = 1.66 kW compares with. The split by phase is not published: guesses.
#pragma once

#include "epfleet/cost/config.h"
#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::cost {

struct Energy {
  double kwh = 0.0;
  metrics::Measure j_per_output_token;
  double usd = 0.0;
};

inline constexpr metrics::Row<Energy> kEnergyRows[] = {
    {"kwh", "kWh", metrics::Kind::Flow, metrics::Better::Less, metrics::of<&Energy::kwh>,
     "Energy of all allotted nodes, the building's overhead included."},
    {"j_per_output_token", "J", metrics::Kind::Ratio, metrics::Better::Less,
     metrics::of<&Energy::j_per_output_token>, "All of that energy over the output tokens."},
    {"usd", "USD", metrics::Kind::Flow, metrics::Better::Less, metrics::of<&Energy::usd>,
     "That energy at energy.usd_per_kwh. No part of the cost: a GPU hour's price has its power in "
     "it."},
};

[[nodiscard]] Energy energy_of(const EnergyConfig& config, const metrics::NodeTime& prefill_ns,
                               const metrics::NodeTime& decode_ns, double output_tokens);

}  // namespace epfleet::cost
