// How the stages of one MoE layer, each already that of the slowest GPU, add up to the layer.
//
// Modelled: two micro-batches whose compute hides the other's communication, either with barriers
//   between the phases (the closed forms of the published schedules) or without them, on two
//   in-order streams (compute, network) with only the dependencies of the data; or one batch
//   without overlap. The fast path of a fleet's steps; task_graph.h is the reference, and equal.
// Left out: GPUs that run ahead of the slowest one inside a layer.
// Source: DeepSeek profile-data README (five stages in decode, four in prefill).
#pragma once

#include <array>
#include <cstdint>

namespace epfleet::timing {

// Of one micro-batch. attn0: norms, projections, absorb, rope; attn1: core attention, output, gate.
struct DecodeStages {
  double shared_s = 0.0, attn0_s = 0.0, attn1_s = 0.0, mlp_s = 0.0;
  double dispatch_s = 0.0, combine_s = 0.0;
};

struct PrefillStages {
  double attn_s = 0.0, shared_s = 0.0, mlp_s = 0.0;
  double dispatch_s = 0.0, combine_s = 0.0;
};

// What the compute stream of the slowest GPU does beside a transfer, without a barrier:
// `beside_dispatch_s[i]` is SHARED(i) + ATTN0(1-i), `beside_combine_s[i]` ATTN1(1-i), each with
// what sending and receiving take of the SMs.
struct DecodeHalves {
  std::array<DecodeStages, 2> stages{};
  std::array<double, 2> beside_dispatch_s{}, beside_combine_s{};
};

// sum over i of max(SHARED(i) + ATTN0(1-i) + SM time of DISPATCH(i), DISPATCH(i)) + MLP(i) +
//   max(ATTN1(1-i) + SM time of COMBINE(i), COMBINE(i))
[[nodiscard]] double decode_layer_with_barriers(const DecodeHalves& halves);
// A repeating layer of decode_graph(): SHARED(i) may run under what is left of COMBINE(1-i), and
// DISPATCH(i) starts when ATTN1(i) and COMBINE(1-i) have ended.
[[nodiscard]] double decode_layer_without_barriers(const DecodeHalves& halves);
// One batch, stage after stage.
[[nodiscard]] double decode_layer_without_overlap(const DecodeStages& stages);

// `attn_shared_s`: ATTN + SHARED of the slowest GPU. Both micro-batches are equal halves.
struct PrefillHalf {
  PrefillStages stages;
  double attn_shared_s = 0.0;
};

//   max(ATTN + SHARED, COMBINE) + max(ATTN, DISPATCH) + max(MLP, DISPATCH) + max(MLP + SHARED,
//   COMBINE)
[[nodiscard]] double prefill_layer_with_barriers(const PrefillHalf& half);
// The mean layer of prefill_graph() with `layers` layers, started with both streams free.
[[nodiscard]] double prefill_layer_without_barriers(const PrefillHalf& half, std::int64_t layers);
[[nodiscard]] double prefill_layer_without_overlap(const PrefillHalf& half);

}  // namespace epfleet::timing
