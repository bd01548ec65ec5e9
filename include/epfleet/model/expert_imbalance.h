// How unevenly the routed tokens of a micro-batch fall on the GPUs of a unit: expected max / mean
// over GPUs, averaged over the MoE layers, as a function of how many tokens the whole unit routes.
// Made once per placement (experts/expert_load.h), read once per step (timing).
#pragma once

#include <cstdint>
#include <vector>

namespace epfleet::model {

struct ExpertImbalance {
  // Knots by doubling: entry i is for 2^i tokens of the whole unit in one micro-batch. Empty:
  // always even.
  std::vector<double> max_over_mean;
};

}  // namespace epfleet::model
