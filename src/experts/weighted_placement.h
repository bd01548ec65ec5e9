// A placement for copies whose shares of an expert's tokens may differ: they fill up what single
// experts leave free on their GPUs.
//  1. Copies as EPLB makes them, per node where groups divide the nodes.
//  2. Every GPU keeps its part of the slots, and of the load, free for copies. The experts with one
//     copy come first: heaviest first, to the GPU that is farthest below what it may hold.
//  3. The copies go to the slots that are left, those of an expert to different GPUs if there are
//     enough: the lightest GPUs are filled up, and the last copy goes where the rest fits best.
//  4. level_shares (expert_shares.h).
// Where EPLB's own placement with even shares has less load on its largest GPU, it is taken
// instead, with level shares: on the loads it was made from the rule is never worse than EPLB.
// Left out: few moves from one placement to the next.
#pragma once

#include <span>

#include "epfleet/experts/expert_placement.h"

namespace epfleet::experts {

// REQUIRES: problems_of(sizes) is empty; load has one entry >= 0 per expert.
[[nodiscard]] LayerPlacement place_weighted(std::span<const double> load, const ExpertSlots& sizes);

}  // namespace epfleet::experts
