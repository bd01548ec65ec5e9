#include "epfleet/timing/overlap.h"

#include <algorithm>

namespace epfleet::timing {

double decode_layer_with_barriers(const DecodeHalves& halves) {
  double layer = 0.0;
  for (std::size_t i = 0; i < 2; ++i) {
    const DecodeStages& own = halves.stages[i];
    layer += std::max(halves.beside_dispatch_s[i], own.dispatch_s) + own.mlp_s +
             std::max(halves.beside_combine_s[i], own.combine_s);
  }
  return layer;
}

// Measured from the end of ATTN1(i), the network is still busy with COMBINE(1-i) for `lag`; both
// began together after MLP(1-i), so the lag is known without history and the graph repeats at once.
double decode_layer_without_barriers(const DecodeHalves& halves) {
  double layer = 0.0;
  for (std::size_t i = 0; i < 2; ++i) {
    const DecodeStages& own = halves.stages[i];
    const DecodeStages& other = halves.stages[1 - i];
    const double lag = other.combine_s - halves.beside_combine_s[1 - i];
    const double dispatched = std::max(0.0, lag) + own.dispatch_s;
    // ATTN0(1-i) needs the result of COMBINE(1-i); SHARED(i) does not.
    const double attn0 = halves.beside_dispatch_s[i] - own.shared_s;
    const double computed = std::max(own.shared_s, lag) + std::max(0.0, attn0);
    layer += std::max(dispatched, computed) + own.mlp_s + halves.beside_combine_s[i];
  }
  return layer;
}

double decode_layer_without_overlap(const DecodeStages& stages) {
  return stages.attn0_s + stages.attn1_s + stages.shared_s + stages.dispatch_s + stages.mlp_s +
         stages.combine_s;
}

double prefill_layer_with_barriers(const PrefillHalf& half) {
  const PrefillStages& s = half.stages;
  return std::max(half.attn_shared_s, s.combine_s) + std::max(s.attn_s, s.dispatch_s) +
         std::max(s.mlp_s, s.dispatch_s) + std::max(s.mlp_s + s.shared_s, s.combine_s);
}

// Compute stream: ATTN(1) SHARED(0) ATTN(0) MLP(1) MLP(0) SHARED(1); network: COMBINE(0)
// DISPATCH(1) DISPATCH(0) COMBINE(1). An ATTN needs the COMBINE of its micro-batch, a DISPATCH its
// ATTN, an MLP its DISPATCH, a COMBINE its MLP.
double prefill_layer_without_barriers(const PrefillHalf& half, std::int64_t layers) {
  const PrefillStages& s = half.stages;
  const double shared = std::max(0.0, half.attn_shared_s - s.attn_s);
  double compute = 0.0;   // end of SHARED(1)
  double network = 0.0;   // end of COMBINE(1)
  double mlp_zero = 0.0;  // end of MLP(0)
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const double combine_zero = std::max(network, mlp_zero) + s.combine_s;
    const double attn_one = std::max(compute, network) + s.attn_s;
    const double shared_zero = attn_one + shared;
    const double dispatch_one = std::max(combine_zero, attn_one) + s.dispatch_s;
    const double attn_zero = std::max(shared_zero, combine_zero) + s.attn_s;
    const double dispatch_zero = std::max(dispatch_one, attn_zero) + s.dispatch_s;
    const double mlp_one = std::max(attn_zero, dispatch_one) + s.mlp_s;
    mlp_zero = std::max(mlp_one, dispatch_zero) + s.mlp_s;
    network = std::max(dispatch_zero, mlp_one) + s.combine_s;
    compute = mlp_zero + s.shared_s;
  }
  return layers == 0 ? 0.0 : std::max(compute, network) / static_cast<double>(layers);
}

double prefill_layer_without_overlap(const PrefillHalf& half) {
  const PrefillStages& s = half.stages;
  return half.attn_shared_s + s.dispatch_s + s.mlp_s + s.combine_s;
}

}  // namespace epfleet::timing
