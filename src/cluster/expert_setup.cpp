#include "epfleet/cluster/expert_setup.h"

#include <fmt/format.h>

#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"
#include "epfleet/experts/expert_loads_csv.h"
#include "epfleet/experts/expert_moves.h"

namespace epfleet::cluster {
namespace {

// What is left unchanged after t is (1 - d)^(t / 10 min).
double drift_between_rebalances(const serving::ExpertsConfig& experts) {
  constexpr double kPeriodS = 600.0;
  if (experts.drift_per_10_min >= 1.0) {
    return 1.0;
  }
  const double periods = base::to_seconds(experts.rebalance_every) / kPeriodS;
  return 1.0 - base::real_pow(1.0 - experts.drift_per_10_min, periods);
}

experts::ExpertSkew skew_of(const std::string& name) {
  if (name == "zipf") {
    return experts::ExpertSkew::Zipf;
  }
  return name == "observed" ? experts::ExpertSkew::Observed : experts::ExpertSkew::Lognormal;
}

experts::ExpertLoads observed_loads(const FleetSpec& spec) {
  experts::ExpertLoads loads = experts::read_expert_loads(spec.experts.loads);
  const auto layers = static_cast<std::size_t>(spec.model.moe_layers());
  const auto experts = static_cast<std::size_t>(spec.model.experts);
  if (loads.size() != layers || loads.front().size() != experts) {
    throw base::InputError(
        {.file = spec.experts.loads,
         .key = "experts.loads",
         .what = fmt::format("has {} rows of {} loads, but the model has {} layers of {} experts",
                             loads.size(), loads.front().size(), layers, experts),
         .remedy = "write a row per layer with experts, a column per routed expert"});
  }
  return loads;
}

experts::PopularitySpec popularity_of(const FleetSpec& spec) {
  experts::PopularitySpec popularity;
  popularity.skew = skew_of(spec.experts.skew);
  popularity.sigma = spec.experts.skew_sigma;
  popularity.exponent = spec.experts.skew_exponent;
  popularity.drift = spec.experts.drift_model;
  popularity.drift_per_rebalance = drift_between_rebalances(spec.experts);
  popularity.seed = spec.seed;
  if (popularity.skew == experts::ExpertSkew::Observed) {
    popularity.loads = observed_loads(spec);
  }
  return popularity;
}

template <class Layout>
experts::ExpertLoadSpec load_of(const FleetSpec& spec, const Layout& layout) {
  const double interval_s = base::to_seconds(spec.experts.rebalance_every);
  experts::ExpertLoadSpec load;
  load.experts = spec.model.experts;
  load.groups = spec.model.groups;
  load.topk = spec.model.top_k;
  load.topk_groups = spec.model.topk_groups;
  load.layers = spec.model.moe_layers();
  load.gpus = layout.gpus;
  load.gpus_per_node = layout.gpus_per_node;
  load.redundant = layout.redundant_experts;
  load.rule = experts::expert_rules()[spec.experts.balancer];
  load.skewed = spec.experts.skew != serving::kEvenExperts;
  load.popularity = popularity_of(spec);
  load.observation_delay = base::to_seconds(spec.experts.rebalance_delay) / interval_s;
  load.reshare_interval = base::to_seconds(spec.experts.reshare_every) / interval_s;
  return load;
}

template <class Layout>
RebalanceWork work_of(const FleetSpec& spec, const Layout& layout, base::BytesPerSecond nic) {
  RebalanceWork work;
  work.experts = experts::most_experts_fetched(load_of(spec, layout));
  work.bytes = base::Bytes(work.experts *
                           model::routed_expert_bytes(spec.model, layout.expert_precision).count());
  work.time = work.bytes / nic;
  return work;
}

bool stalls(const FleetSpec& spec) {
  return spec.experts.rebalance_cost == serving::RebalanceCost::Stall;
}

}  // namespace

experts::ExpertLoadSpec prefill_expert_load(const FleetSpec& spec) {
  return load_of(spec, prefill_layout(spec));
}

experts::ExpertLoadSpec decode_expert_load(const FleetSpec& spec) {
  return load_of(spec, decode_layout(spec));
}

RebalanceWork prefill_rebalance(const FleetSpec& spec) {
  return work_of(spec, prefill_layout(spec), spec.prefill_hardware.rdma_bandwidth);
}

RebalanceWork decode_rebalance(const FleetSpec& spec) {
  return work_of(spec, decode_layout(spec), spec.decode_hardware.rdma_bandwidth);
}

base::Duration prefill_stall(const FleetSpec& spec) {
  return stalls(spec) ? prefill_rebalance(spec).time : base::Duration::zero();
}

base::Duration decode_stall(const FleetSpec& spec) {
  return stalls(spec) ? decode_rebalance(spec).time : base::Duration::zero();
}

serving::RebalancePause pause_of_unit(const FleetSpec& spec, base::Duration stall,
                                      std::uint32_t index, std::size_t units) {
  if (stall <= base::Duration::zero()) {
    return {};
  }
  const base::Duration every = spec.experts.rebalance_every;
  const double part = (static_cast<double>(index) + 0.5) / static_cast<double>(units);
  const base::Duration first = base::duration_from_seconds(part * base::to_seconds(every));
  return {spec.run_start() + first, every, stall};
}

}  // namespace epfleet::cluster
