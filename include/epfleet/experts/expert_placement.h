// Which copies of the routed experts stand on which GPU. One layer is independent of the others.
//
// Modelled: EPLB, the balancer of the real service: the hierarchical rule where the expert groups
//   divide the nodes (a group stays within one node, so group-limited routing keeps its locality),
//   the global rule otherwise. Loads are single precision and ties go to the first, so that
//   placements equal the original's to the last slot.
// Source: deepseek-ai/EPLB, eplb.py (algorithm and test vector); DeepSeek-V3 report, section 3.4.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "epfleet/base/registry.h"

namespace epfleet::experts {

// What is to be placed where. Slots are counted GPU by GPU, GPUs node by node.
struct ExpertSlots {
  std::int64_t experts = 256;  // logical experts of a layer
  std::int64_t slots = 288;    // physical ones: experts + redundant
  std::int64_t groups = 8;     // of consecutive experts
  std::int64_t nodes = 4;
  std::int64_t gpus = 32;
};

struct LayerPlacement {
  std::vector<std::int32_t> physical_to_logical;  // by slot
  std::vector<std::int32_t> logical_count;        // copies, by expert
  // By slot: the part of its expert's tokens that it takes; those of an expert sum to 1. Empty: the
  // copies of an expert share evenly.
  std::vector<double> share{};
};

// How copies are placed, and from loads of which time.
struct ExpertRule {
  LayerPlacement (*place)(std::span<const double> load, const ExpertSlots& sizes);
  bool rebalances = false;  // placed anew from the loads observed last; else once for all time
  bool day_old = false;     // ... which is from loads observed a day ago
  bool reshares = false;    // copies take uneven shares of their expert, set anew in between

  friend bool operator==(const ExpertRule&, const ExpertRule&) = default;
};
[[nodiscard]] const base::Registry<ExpertRule>& expert_rules();

// Every problem of the sizes, in a sentence; empty when EPLB can place them.
[[nodiscard]] std::vector<std::string_view> problems_of(const ExpertSlots& sizes);

// REQUIRES: problems_of(sizes) is empty; load has one entry >= 0 per expert.
[[nodiscard]] LayerPlacement place_experts(std::span<const double> load, const ExpertSlots& sizes,
                                           const ExpertRule& rule);

// Load of each GPU when the copies of an expert share its load as the placement says.
[[nodiscard]] std::vector<double> gpu_loads(const LayerPlacement& placement,
                                            std::span<const double> load, std::int64_t gpus);

// Mean load over largest load, 0..1; 1 for no load at all.
[[nodiscard]] double balancedness(std::span<const double> gpu_load);

}  // namespace epfleet::experts
