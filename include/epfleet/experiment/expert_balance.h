// How even the experts of a scenario's two kinds of units are, and what a rebalance moves.
// Modelled: experts/expert_load.h and expert_moves.h for the scenario's layouts, rule and
//   popularity.
#pragma once

#include <string>
#include <vector>

#include "epfleet/cluster/expert_setup.h"
#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

struct ExpertBalance {
  std::string phase;
  experts::ExpertLoadSpec load;
  // Entry i: 2^i tokens of the unit in a micro-batch; empty: even.
  std::vector<double> max_over_mean;
  double limit = 1.0;                // for very many tokens
  cluster::RebalanceWork rebalance;  // nothing for rules that never rebalance
};

// Prefill, then decode. Throws InputError. REQUIRES: a scenario that check() accepts.
[[nodiscard]] std::vector<ExpertBalance> expert_balance(const config::Scenario& scenario);

// "a rebalance moves up to 5.1 GB to a decode GPU: 0.10 s every 10 min", one a phase, or that
// nothing moves; none if rebalances cost nothing.
[[nodiscard]] std::vector<std::string> rebalance_notes(const config::Scenario& scenario);

}  // namespace epfleet::experiment
