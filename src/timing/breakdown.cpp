#include "epfleet/timing/breakdown.h"

#include <algorithm>

namespace epfleet::timing {
namespace {

double batches_of(const DecodeLayer& layer) {
  return static_cast<double>(layer.layout().micro_batches());
}

double batches_of(const PrefillLayer& layer) { return static_cast<double>(layer.micro_batches()); }

void scale(ComputeTime& time, double factor) {
  time.attention_core_s *= factor;
  time.gemm_s *= factor;
  time.moe_s *= factor;
  time.other_s *= factor;
  time.gap_s *= factor;
}

}  // namespace

double decode_layer_s(const DecodeLayer& layer, double requests, double kv_tokens) {
  const double batches = batches_of(layer);
  const DecodeStages stages = layer.even_stages(requests / batches, kv_tokens / batches);
  if (!layer.layout().dual_batch) {
    return decode_layer_without_overlap(stages);
  }
  const double shared_attn0 = stages.shared_s + stages.attn0_s;
  const DecodeHalves halves{{stages, stages}, {shared_attn0, shared_attn0}};
  return layer.layout().phase_barriers ? decode_layer_with_barriers(halves)
                                       : decode_layer_without_barriers(halves);
}

double prefill_layer_s(const PrefillLayer& layer, double tokens, double prefix_tokens,
                       double pairs) {
  const double batches = batches_of(layer);
  const PrefillHalf half =
      layer.even_half(tokens / batches, prefix_tokens / batches, pairs / batches);
  if (!layer.layout().dual_batch) {
    return prefill_layer_without_overlap(half);
  }
  return layer.layout().phase_barriers
             ? prefill_layer_with_barriers(half)
             : prefill_layer_without_barriers(half, layer.moe_layer_equivalents());
}

LayerBreakdown decode_breakdown(const DecodeLayer& layer, double requests, double kv_tokens) {
  const double batches = batches_of(layer);
  const double n = requests / batches;
  const double received = layer.received_requests(n * static_cast<double>(layer.layout().gpus));
  const DecodeStages stages = layer.even_stages(n, kv_tokens / batches);
  LayerBreakdown rows;
  rows.overall_s = decode_layer_s(layer, requests, kv_tokens);
  rows.compute = layer.shared(n);
  rows.compute += layer.attn0(n);
  rows.compute += layer.attn1(n, kv_tokens / batches);
  rows.compute += layer.mlp(received);
  scale(rows.compute, batches);
  const bool hidden = layer.layout().dual_batch;
  const double under_dispatch = hidden ? stages.shared_s + stages.attn0_s : 0.0;
  const double under_combine = hidden ? stages.attn1_s : 0.0;
  rows.dispatch_core_s = batches * std::max(0.0, stages.dispatch_s - under_dispatch);
  rows.combine_core_s = batches * std::max(0.0, stages.combine_s - under_combine);
  rows.compute_bubble_s = rows.overall_s - rows.compute.total();
  rows.communication_bubble_s = rows.overall_s - batches * (stages.dispatch_s + stages.combine_s);
  return rows;
}

LayerBreakdown prefill_breakdown(const PrefillLayer& layer, double tokens, double prefix_tokens,
                                 double pairs) {
  const double batches = batches_of(layer);
  const double n = tokens / batches;
  const double received = layer.received_tokens(n * static_cast<double>(layer.layout().gpus));
  const double busiest = std::max(n, received);
  LayerBreakdown rows;
  rows.overall_s = prefill_layer_s(layer, tokens, prefix_tokens, pairs);
  rows.compute = layer.shared(n);
  rows.compute += layer.attn(n, prefix_tokens / batches, pairs / batches);
  rows.compute += layer.mlp(received);
  scale(rows.compute, batches);
  const NormalAllToAll& network = layer.all_to_all();
  rows.dispatch_barrier_s = batches * network.dispatch_barrier();
  rows.combine_barrier_s = batches * network.combine_barrier();
  rows.dispatch_core_s = batches * network.dispatch_core(busiest);
  rows.combine_core_s = batches * network.combine_core(busiest);
  rows.compute_bubble_s = rows.overall_s - rows.compute.total();
  rows.communication_bubble_s = rows.overall_s - rows.dispatch_barrier_s - rows.dispatch_core_s -
                                rows.combine_barrier_s - rows.combine_core_s;
  return rows;
}

}  // namespace epfleet::timing
