// The rules that place experts by load, one layer at a time, and the steps they share.
#pragma once

#include <cstdint>
#include <functional>
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

// Fills the slots of one node, GPU by GPU, with copies of its experts and counts them.
using FillNode = std::function<void(std::span<const std::int32_t> experts,
                                    std::span<std::int32_t> slots, LayerPlacement& placement)>;
// Step 1 of EPLB: groups of experts to nodes where they divide the nodes, else one node of all.
[[nodiscard]] LayerPlacement place_by_node(std::span<const double> load, const ExpertSlots& sizes,
                                           const FillNode& fill);

// EPLB: per node, copies by `replicate`, packed evenly onto the GPUs. In single precision with ties
// to the first, as in the original (deepseek-ai/EPLB, eplb.py).
// REQUIRES: problems_of(sizes) is empty; load has one entry >= 0 per expert.
[[nodiscard]] LayerPlacement place_by_eplb(std::span<const double> load, const ExpertSlots& sizes);

// For copies whose shares of an expert's tokens may differ: they fill up what single experts leave
// free on their GPUs.
//  1. Copies as EPLB makes them, per node where groups divide the nodes.
//  2. Every GPU keeps its part of the slots, and of the load, free for copies. The experts with one
//     copy come first: heaviest first, to the GPU that is farthest below what it may hold.
//  3. The copies go to the slots that are left, those of an expert to different GPUs if there are
//     enough: the lightest GPUs are filled up, and the last copy goes where the rest fits best.
//  4. level_shares (expert_shares.h).
// Where EPLB's own placement with even shares has less load on its largest GPU, it is taken
// instead, with level shares: on the loads it was made from the rule is never worse than EPLB.
// Left out: few moves from one placement to the next.
// REQUIRES: as place_by_eplb.
[[nodiscard]] LayerPlacement place_weighted(std::span<const double> load, const ExpertSlots& sizes);

}  // namespace epfleet::experts
