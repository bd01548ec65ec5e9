// What must hold between the keys of the experts.
#include <fmt/format.h>

#include "check_parts.h"

namespace epfleet::config {

void check_experts(const Scenario& scenario, Contradictions& found) {
  const serving::ExpertsConfig& experts = scenario.experts;
  const bool observed = experts.skew == "observed";
  if (observed && experts.loads.empty()) {
    found.add({"experts.skew", "experts.loads"}, "is observed, but experts.loads names no file",
              "state experts.loads: FILE.csv, a row per layer with experts, a column per expert");
  }
  if (!observed && !experts.loads.empty()) {
    found.add({"experts.loads", "experts.skew"},
              fmt::format("is stated, but experts.skew is {}", experts.skew),
              "set experts.skew: observed, or leave experts.loads out");
  }
  if (experts.balancer == "weighted" && experts.reshare_every > experts.rebalance_every) {
    found.add({"experts.reshare_every", "experts.rebalance_every"},
              "is longer than experts.rebalance_every", "choose for example 10 s");
  }
}

}  // namespace epfleet::config
