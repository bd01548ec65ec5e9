// How the copies of an expert divide its tokens among them when dispatch may pick a copy by weight.
//
// Modelled: the shares that level the GPUs as far as a placement allows. One expert after the other
//   is divided anew, as if it filled up the loads of its GPUs from below, until nothing changes;
//   this converges to the least sum of squares, which has the least largest GPU load, too.
// Left out: weights that dispatch can only hit in steps (a table of so many entries per expert).
#pragma once

#include <cstdint>
#include <span>

#include "epfleet/experts/expert_placement.h"

namespace epfleet::experts {

// Sets placement.share for this load, from the present shares on: the largest GPU load does not
// rise. Copies of an expert on the same GPU share evenly.
void level_shares(LayerPlacement& placement, std::span<const double> load, std::int64_t gpus);

}  // namespace epfleet::experts
