// The price of one step of a whole unit: pure functions of the load of each of its GPUs.
// The pricers are made once per unit layout (tables inside) and are then called millions of times.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "epfleet/base/time.h"

namespace epfleet::timing {

struct StepPrice {
  base::Duration duration{};
  double expert_imbalance = 1.0;  // max / mean that was applied
  bool out_of_range = false;      // some query was outside the calibrated range
};

// One GPU's share of a prefill step (both micro-batches together).
struct PrefillLoad {
  std::int32_t tokens = 0;         // new tokens
  std::int32_t prefix_tokens = 0;  // earlier ones, whose keys and values are up-projected again
  std::int32_t sequences = 0;      // prompts that end here: they need the head and sampling
  double attention_pairs = 0.0;    // sum over chunks of q * p + q (q + 1) / 2
};

// Linear estimate of a chunk's attention stage on one GPU, over all MoE layers: projections, core
// attention and the up-projection of the prefix. Experts and all-to-all depend on tokens alone,
// which have a budget of their own: with both kept, no phase of a step outlasts that of a full
// batch of 4 k prompts.
// Sparse attention has two such lines, by the keys that it reads, and takes the lower one; dense
// attention has the same twice.
struct PrefillWork {
  struct Line {
    double seconds_per_token = 0.0;
    double seconds_per_prefix_token = 0.0;
    double seconds_per_pair = 0.0;
    [[nodiscard]] double seconds(double tokens, double prefix_tokens, double pairs) const {
      return seconds_per_token * tokens + seconds_per_prefix_token * prefix_tokens +
             seconds_per_pair * pairs;
    }
  };
  Line all, chosen;
  [[nodiscard]] double seconds(double tokens, double prefix_tokens, double pairs) const {
    return std::min(all.seconds(tokens, prefix_tokens, pairs),
                    chosen.seconds(tokens, prefix_tokens, pairs));
  }
};

}  // namespace epfleet::timing
