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

}  // namespace

DecodeHalves decode_halves(const DecodeLayer& layer, double requests, double kv_tokens) {
  DecodeHalves halves;
  for (std::size_t i = 0; i < 2; ++i) {
    const double n = requests_in(layer, requests, i);
    halves.stages[i] = layer.even_stages(n, kv_tokens * n / requests);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const double n = requests_in(layer, requests, i);
    halves.beside_dispatch_s[i] = halves.stages[i].shared_s + layer.dispatch_on_sms_s(n) +
                                  layer.attn0(requests_in(layer, requests, 1 - i)).total();
    halves.beside_combine_s[i] = halves.stages[1 - i].attn1_s + layer.combine_on_sms_s(n);
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

// Dispatch and combine are what of their phases the pure compute under them leaves: waiting, and
// sending and receiving on the SMs.
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
    rows.compute += layer.attn1(n, kv_tokens * n / requests);
    rows.compute += layer.mlp(layer.received_requests(n * static_cast<double>(layout.gpus)));
    if (layout.dual_batch()) {
      const double under_dispatch = halves.beside_dispatch_s[i] - layer.dispatch_on_sms_s(n);
      const double under_combine = halves.stages[1 - i].attn1_s;
      rows.dispatch_core_s +=
          std::max(halves.beside_dispatch_s[i], own.dispatch_s) - under_dispatch;
      rows.combine_core_s += std::max(halves.beside_combine_s[i], own.combine_s) - under_combine;
    } else {
      rows.dispatch_core_s += own.dispatch_s;
      rows.combine_core_s += own.combine_s;
    }
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
  rows.compute = rows.compute * batches;
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
