// Where the time of one MoE layer goes, both micro-batches together, in the rows of the published
// charts (`breakdown_ms` of `epfleet timing`).
//
// Modelled: all GPUs alike, micro-batches as a unit forms them. In prefill, dispatch and combine
//   are busy time of the network and the bubbles are what either stream waits; in decode, dispatch
//   and combine are *exposed* wait: what compute does not hide.
// Source: the per-layer charts of DeepSeek's profile-data; their figures are in tests/validation.
#pragma once

#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/prefill_layer.h"

namespace epfleet::timing {

struct LayerBreakdown {
  double overall_s = 0.0;
  double dispatch_barrier_s = 0.0, dispatch_core_s = 0.0;  // decode: no barrier kernel
  double combine_barrier_s = 0.0, combine_core_s = 0.0;
  ComputeTime compute;
  double compute_bubble_s = 0.0;        // compute waits; in decode that is dispatch and combine
  double communication_bubble_s = 0.0;  // the network waits
};

// The stages of the two micro-batches that the batch of one GPU is split into: ceil and floor of
// half its requests with their KV, as DecodePricer does. Without overlap the first has all.
// REQUIRES: requests > 0.
[[nodiscard]] DecodeHalves decode_halves(const DecodeLayer& layer, double requests,
                                         double kv_tokens);
// Two equal halves; without overlap the whole batch.
[[nodiscard]] PrefillHalf prefill_half(const PrefillLayer& layer, double tokens,
                                       double prefix_tokens, double pairs);

// Those stages to the layer's time, as the layout overlaps them.
[[nodiscard]] double layer_s(const DecodeLayer& layer, const DecodeHalves& halves);
[[nodiscard]] double layer_s(const PrefillLayer& layer, const PrefillHalf& half);

// Whole batch of one GPU.
[[nodiscard]] LayerBreakdown decode_breakdown(const DecodeLayer& layer, double requests,
                                              double kv_tokens);
[[nodiscard]] LayerBreakdown prefill_breakdown(const PrefillLayer& layer, double tokens,
                                               double prefix_tokens, double pairs);

}  // namespace epfleet::timing
