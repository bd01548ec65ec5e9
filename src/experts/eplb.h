// The steps of EPLB, in single precision with ties to the first, as the original takes them
// (deepseek-ai/EPLB, eplb.py): what placement rules are made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/experts/expert_placement.h"

namespace epfleet::experts {

struct Replicas {
  std::vector<std::int32_t> expert;  // by copy; the first copies are experts 0, 1, ...
  std::vector<std::int32_t> count;   // by expert
};
// Every further copy goes to the expert with the most load per copy.
[[nodiscard]] Replicas replicate(std::span<const float> weight, std::int64_t copies);

// Groups to nodes; the experts in the order node by node, group by group.
[[nodiscard]] std::vector<std::int32_t> experts_by_node(std::span<const float> weight,
                                                        std::int64_t groups, std::int64_t nodes);

// REQUIRES: problems_of(sizes) is empty; load has one entry >= 0 per expert.
[[nodiscard]] LayerPlacement place_by_eplb(std::span<const double> load, const ExpertSlots& sizes);

}  // namespace epfleet::experts
