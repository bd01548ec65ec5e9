#include "epfleet/experiment/fleet_size.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/cluster/priced_units.h"

namespace epfleet::experiment {
namespace {

constexpr double kNoLimit = 1e3;  // seconds per token

// A unit of one phase: its nodes, and the requests per second that it carries.
struct Unit {
  std::int64_t gpus = 0, nodes = 0;
  double rate = 0.0;
};

policy::RequestMix requests_of(const PlainTraffic& traffic) {
  const double computed = std::max(1.0, traffic.input * (1.0 - traffic.hit_ratio));
  const double cached = traffic.input - computed;
  const double seen = 1.0 + traffic.cv * traffic.cv;  // long ones hold more of the tokens
  return {.cached_per_computed_token = cached / computed,
          .pairs_per_computed_token = seen * (cached + 0.5 * computed),
          .computed_tokens_per_request = computed,
          .kv_tokens_per_request = traffic.input + seen * 0.5 * traffic.output};
}

// Its KV room holds at least one such request a GPU.
bool fits(const model::MemoryPlan& memory, const PlainTraffic& traffic) {
  return static_cast<double>(memory.kv_capacity_tokens()) >= traffic.input + traffic.output;
}

std::vector<Unit> prefill_units(config::Scenario& scenario, const PlainTraffic& traffic,
                                bool keep_ep) {
  std::vector<Unit> units;
  const std::vector<std::int64_t> sizes =
      keep_ep ? std::vector{scenario.prefill.gpus} : std::vector<std::int64_t>{32, 16, 8};
  for (const std::int64_t gpus : sizes) {
    scenario.prefill.gpus = gpus;
    scenario.prefill.redundant_experts = model::filling_redundancy(scenario.model, gpus);
    if (gpus % scenario.prefill_hardware.gpus_per_node == 0 &&
        fits(cluster::prefill_memory(scenario), traffic)) {
      const cluster::StepPricers pricers = cluster::make_step_pricers(scenario);
      const policy::RequestMix mix = requests_of(traffic);
      units.push_back({gpus, scenario.prefill_unit_nodes(),
                       kSizedLoad * cluster::PricedUnits(scenario, pricers).prefill_tps(mix) /
                           mix.computed_tokens_per_request});
    }
  }
  return units;
}

std::vector<Unit> decode_units(config::Scenario& scenario, const PlainTraffic& traffic,
                               bool keep_ep) {
  std::vector<Unit> units;
  const auto& limit = scenario.slo.tpot.limit;
  const double tpot_s = limit ? kSizedLoad * base::to_seconds(*limit) : kNoLimit;
  const std::vector<std::int64_t> sizes =
      keep_ep ? std::vector{scenario.decode.gpus} : std::vector<std::int64_t>{144, 72, 32, 16};
  for (const std::int64_t gpus : sizes) {
    scenario.decode.gpus = gpus;
    scenario.decode.redundant_experts = model::filling_redundancy(scenario.model, gpus);
    if (gpus % scenario.decode_hardware.gpus_per_node == 0 &&
        fits(cluster::decode_memory(scenario), traffic)) {
      const cluster::StepPricers pricers = cluster::make_step_pricers(scenario);
      units.push_back(
          {gpus, scenario.decode_unit_nodes(),
           kSizedLoad *
               cluster::PricedUnits(scenario, pricers).decode_tps(requests_of(traffic), tpot_s) /
               traffic.output});
    }
  }
  return units;
}

FleetSize fleet_of(const Unit& prefill, std::int64_t prefill_units, const Unit& decode,
                   std::int64_t decode_units) {
  return {prefill.gpus,
          decode.gpus,
          prefill_units,
          decode_units,
          prefill_units * prefill.nodes + decode_units * decode.nodes,
          std::min(static_cast<double>(prefill_units) * prefill.rate,
                   static_cast<double>(decode_units) * decode.rate)};
}

std::int64_t units_for(double rate, const Unit& unit) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(rate / unit.rate)));
}

}  // namespace

std::optional<FleetSize> size_fleet(config::Scenario scenario, const PlainTraffic& traffic,
                                    std::optional<std::int64_t> nodes, bool keep_ep) {
  EPFLEET_CHECK(traffic.rate || nodes, "a rate or a number of nodes");
  std::optional<FleetSize> best;
  const auto take = [&](const FleetSize& size) {
    const bool better = !best || (nodes ? size.rate > best->rate : size.nodes < best->nodes);
    best = better ? size : best;
  };
  const std::vector<Unit> prefill = prefill_units(scenario, traffic, keep_ep);
  for (const Unit& d : decode_units(scenario, traffic, keep_ep)) {
    for (const Unit& p : prefill) {
      if (!nodes) {
        take(fleet_of(p, units_for(*traffic.rate, p), d, units_for(*traffic.rate, d)));
        continue;
      }
      for (std::int64_t units = 1; *nodes - units * d.nodes >= p.nodes; ++units) {
        take(fleet_of(p, (*nodes - units * d.nodes) / p.nodes, d, units));
      }
    }
  }
  return best;
}

}  // namespace epfleet::experiment
