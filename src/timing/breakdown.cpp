#include "epfleet/timing/breakdown.h"

#include <algorithm>
#include <cmath>

namespace epfleet::timing {
namespace {

double batches_of(const PrefillLayer& layer) {
  return static_cast<double>(layer.layout().micro_batches());
}

// Requests of a GPU in micro-batch i.
double requests_in(const DecodeLayer& layer, double requests, std::size_t i) {
  if (!layer.layout().dual_batch()) {
    return i == 0 ? requests : 0.0;
  }
  return i == 0 ? std::ceil(requests / 2.0) : std::floor(requests / 2.0);
}

void scale(ComputeTime& time, double factor) {
  time.attention_core_s *= factor;
  time.gemm_s *= factor;
  time.moe_s *= factor;
  time.other_s *= factor;
  time.gap_s *= factor;
}

}  // namespace

DecodeHalves decode_halves(const DecodeLayer& layer, double requests, double kv_tokens) {
  const double kv = kv_tokens / static_cast<double>(layer.layout().micro_batches());
  DecodeHalves halves;
  for (std::size_t i = 0; i < 2; ++i) {
    const double n = requests_in(layer, requests, i);
    if (i == 1 && !layer.layout().dual_batch()) {
      break;
    }
    halves.stages[i] = layer.even_stages(n, kv);
    // Half the KV is in each micro-batch even when one of them has no request.
    halves.stages[i].attn1_s = layer.attn1_fixed_s(n) + kv * layer.attn1_per_kv_token_s();
    halves.beside_dispatch_s[i] =
        halves.stages[i].shared_s + layer.attn0(requests_in(layer, requests, 1 - i)).total();
    halves.beside_combine_s[1 - i] = halves.stages[i].attn1_s;
  }
  return halves;
}

PrefillHalf prefill_half(const PrefillLayer& layer, double tokens, double prefix_tokens,
                         double pairs) {
  const double batches = batches_of(layer);
  return layer.even_half(tokens / batches, prefix_tokens / batches, pairs / batches);
}

double layer_s(const DecodeLayer& layer, const DecodeHalves& halves) {
  if (!layer.layout().dual_batch()) {
    return decode_layer_without_overlap(halves.stages[0]);
  }
  return layer.layout().phase_barriers ? decode_layer_with_barriers(halves)
                                       : decode_layer_without_barriers(halves);
}

double layer_s(const PrefillLayer& layer, const PrefillHalf& half) {
  if (!layer.layout().dual_batch()) {
    return prefill_layer_without_overlap(half);
  }
  return layer.layout().phase_barriers
             ? prefill_layer_with_barriers(half)
             : prefill_layer_without_barriers(half, layer.moe_layer_equivalents());
}

LayerBreakdown decode_breakdown(const DecodeLayer& layer, double requests, double kv_tokens) {
  const model::DecodeLayout& layout = layer.layout();
  const DecodeHalves halves = decode_halves(layer, requests, kv_tokens);
  LayerBreakdown rows;
  rows.overall_s = layer_s(layer, halves);
  double network_s = 0.0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(layout.micro_batches()); ++i) {
    const double n = requests_in(layer, requests, i);
    const DecodeStages& own = halves.stages[i];
    rows.compute += layer.shared(n);
    rows.compute += layer.attn0(n);
    rows.compute += layer.attn1(n, kv_tokens / static_cast<double>(layout.micro_batches()));
    rows.compute += layer.mlp(layer.received_requests(n * static_cast<double>(layout.gpus)));
    const double under_dispatch = layout.dual_batch() ? halves.beside_dispatch_s[i] : 0.0;
    const double under_combine = layout.dual_batch() ? halves.beside_combine_s[i] : 0.0;
    rows.dispatch_core_s += std::max(0.0, own.dispatch_s - under_dispatch);
    rows.combine_core_s += std::max(0.0, own.combine_s - under_combine);
    network_s += own.dispatch_s + own.combine_s;
  }
  rows.compute_bubble_s = std::max(0.0, rows.overall_s - rows.compute.total());
  rows.communication_bubble_s = std::max(0.0, rows.overall_s - network_s);
  return rows;
}

LayerBreakdown prefill_breakdown(const PrefillLayer& layer, double tokens, double prefix_tokens,
                                 double pairs) {
  const double batches = batches_of(layer);
  const double n = tokens / batches;
  const double received = layer.received_tokens(n * static_cast<double>(layer.layout().gpus));
  const double busiest = std::max(n, received);
  LayerBreakdown rows;
  rows.overall_s = layer_s(layer, prefill_half(layer, tokens, prefix_tokens, pairs));
  rows.compute = layer.shared(n);
  rows.compute += layer.attn(n, prefix_tokens / batches, pairs / batches);
  rows.compute += layer.mlp(received);
  scale(rows.compute, batches);
  const NormalAllToAll& network = layer.all_to_all();
  rows.dispatch_barrier_s = batches * network.dispatch_barrier(busiest);
  rows.combine_barrier_s = batches * network.combine_barrier(busiest);
  rows.dispatch_core_s = batches * layer.dispatch_s(busiest) - rows.dispatch_barrier_s;
  rows.combine_core_s = batches * layer.combine_s(busiest) - rows.combine_barrier_s;
  rows.compute_bubble_s = std::max(0.0, rows.overall_s - rows.compute.total());
  rows.communication_bubble_s = rows.overall_s - rows.dispatch_barrier_s - rows.dispatch_core_s -
                                rows.combine_barrier_s - rows.combine_core_s;
  return rows;
}

}  // namespace epfleet::timing
