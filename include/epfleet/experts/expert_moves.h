// What a rebalance moves: the experts that a GPU did not hold before.
//
// Modelled: the loads of a layer are placed, drift for one rebalance interval and are placed again;
//   a GPU fetches every copy that it did not have (the order of its slots is free), whatever the
//   rule's reason to move it. Summed over the layers, the GPU that fetches most counts: all wait.
// Left out: a second copy on the same GPU fetched from the first; renaming GPUs so that less moves,
//   which EPLB does not do either; the MTP module's own layer (a 58th part).
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/experts/expert_load.h"
#include "epfleet/experts/expert_placement.h"

namespace epfleet::experts {

// By GPU: copies held after that were not held before.
// REQUIRES: both have the same slots, evenly on the GPUs.
[[nodiscard]] std::vector<std::int64_t> experts_fetched(const LayerPlacement& before,
                                                        const LayerPlacement& after,
                                                        std::int64_t gpus);

// Copies fetched at one rebalance by the GPU that fetches most, over all layers; 0 for rules that
// never rebalance and for routing that is forced even.
// REQUIRES: as expected_imbalance.
[[nodiscard]] std::int64_t most_experts_fetched(const ExpertLoadSpec& spec);

}  // namespace epfleet::experts
