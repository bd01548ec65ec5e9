#include "epfleet/experiment/expert_balance.h"

#include <fmt/format.h>

#include "epfleet/config/value.h"

namespace epfleet::experiment {
namespace {

ExpertBalance balance_of(std::string phase, experts::ExpertLoadSpec load,
                         const cluster::RebalanceWork& rebalance) {
  ExpertBalance balance;
  balance.phase = std::move(phase);
  balance.load = std::move(load);
  balance.rebalance = rebalance;
  if (balance.load.skewed) {
    balance.max_over_mean = experts::expected_imbalance(balance.load).max_over_mean;
    balance.limit = experts::limit_imbalance(balance.load);
  }
  return balance;
}

std::string note(const char* phase, const cluster::RebalanceWork& work, base::Duration every) {
  if (work.experts == 0) {
    return fmt::format("experts.rebalance_cost stops no {} unit: nothing moves", phase);
  }
  return fmt::format("a rebalance moves up to {:.1f} GB to a {} GPU: {:.2f} s every {}",
                     static_cast<double>(work.bytes.count()) * 1e-9, phase,
                     base::to_seconds(work.time),
                     config::print_whole(config::Dimension::Duration, every.count()));
}

}  // namespace

std::vector<ExpertBalance> expert_balance(const config::Scenario& scenario) {
  return {balance_of("prefill", cluster::prefill_expert_load(scenario),
                     cluster::prefill_rebalance(scenario)),
          balance_of("decode", cluster::decode_expert_load(scenario),
                     cluster::decode_rebalance(scenario))};
}

std::vector<std::string> rebalance_notes(const config::Scenario& scenario) {
  if (scenario.experts.rebalance_cost == serving::RebalanceCost::None) {
    return {};
  }
  const base::Duration every = scenario.experts.rebalance_every;
  return {note("prefill", cluster::prefill_rebalance(scenario), every),
          note("decode", cluster::decode_rebalance(scenario), every)};
}

}  // namespace epfleet::experiment
