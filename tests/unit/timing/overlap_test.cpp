#include "epfleet/timing/overlap.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "epfleet/base/random.h"

namespace epfleet::timing {
namespace {

DecodeHalves random_decode(base::Stream& stream) {
  DecodeHalves halves;
  std::array<double, 2> attn0{};
  for (std::size_t i = 0; i < 2; ++i) {
    attn0[i] = stream.uniform();
    halves.stages[i] = {stream.uniform(), attn0[i],         stream.uniform(),
                        stream.uniform(), stream.uniform(), stream.uniform()};
  }
  for (std::size_t i = 0; i < 2; ++i) {
    halves.beside_dispatch_s[i] = halves.stages[i].shared_s + attn0[1 - i];
    halves.beside_combine_s[i] = halves.stages[1 - i].attn1_s;
  }
  return halves;
}

PrefillHalf random_prefill(base::Stream& stream) {
  PrefillHalf half;
  half.stages = {stream.uniform(), stream.uniform(), stream.uniform(), stream.uniform(),
                 stream.uniform()};
  half.attn_shared_s = half.stages.attn_s + half.stages.shared_s;
  return half;
}

// Micro-batch 0: max(1 + 20, 30) + 4 + max(30, 6) = 64; micro-batch 1: max(10 + 2, 50) + 40 +
// max(3, 60) = 150. (SHARED, ATTN0, ATTN1, MLP, DISPATCH, COMBINE; ATTN terms come from the other
// micro-batch.)
TEST(DecodeOverlap, ClosedFormWorked) {
  DecodeHalves halves;
  halves.stages[0] = {1, 2, 3, 4, 30, 6};
  halves.stages[1] = {10, 20, 30, 40, 50, 60};
  halves.beside_dispatch_s = {1 + 20, 10 + 2};
  halves.beside_combine_s = {30, 3};
  EXPECT_DOUBLE_EQ(decode_layer_with_barriers(halves), 64.0 + 150.0);
}

// The task graph played forward, task by task, for 200 layers; the closed form is its steady
// period.
TEST(DecodeOverlap, TaskGraphEqualsItsSimulation) {
  base::Stream stream(base::StreamFamily(1, "test.overlap"), 0);
  for (int trial = 0; trial < 200; ++trial) {
    const DecodeHalves halves = random_decode(stream);
    double compute = 0.0;  // end of the last ATTN1
    double network = 0.0;  // end of the last COMBINE
    double before_last = 0.0;
    for (int layer = 0; layer < 200; ++layer) {
      before_last = compute;
      for (std::size_t i = 0; i < 2; ++i) {
        const DecodeStages& own = halves.stages[i];
        const DecodeStages& other = halves.stages[1 - i];
        const double dispatched = std::max(compute, network) + own.dispatch_s;
        const double shared = compute + own.shared_s;
        const double attn0 = std::max(shared, network) + other.attn0_s;
        const double mlp = std::max(dispatched, attn0) + own.mlp_s;
        network = mlp + own.combine_s;
        compute = mlp + other.attn1_s;
      }
    }
    EXPECT_NEAR(decode_layer_without_barriers(halves), compute - before_last, 1e-9);
  }
}

TEST(DecodeOverlap, TaskGraphIsNeverSlowerThanBarriers) {
  base::Stream stream(base::StreamFamily(2, "test.overlap"), 0);
  for (int trial = 0; trial < 10'000; ++trial) {
    const DecodeHalves halves = random_decode(stream);
    EXPECT_LE(decode_layer_without_barriers(halves), decode_layer_with_barriers(halves) + 1e-12);
  }
}

// Bounds of any schedule: neither stream's own work can be hidden from itself, and overlap never
// loses against stage after stage.
TEST(DecodeOverlap, BetweenIdealAndSequential) {
  base::Stream stream(base::StreamFamily(3, "test.overlap"), 0);
  for (int trial = 0; trial < 10'000; ++trial) {
    const DecodeHalves h = random_decode(stream);
    double compute = 0.0;
    double network = 0.0;
    double sequential = 0.0;
    for (const DecodeStages& s : h.stages) {
      compute += s.shared_s + s.attn0_s + s.attn1_s + s.mlp_s;
      network += s.dispatch_s + s.combine_s;
      sequential += decode_layer_without_overlap(s);
    }
    EXPECT_GE(decode_layer_without_barriers(h), std::max(compute, network) - 1e-12);
    EXPECT_LE(decode_layer_with_barriers(h), sequential + 1e-12);
  }
}

// When communication hides all compute but the MLPs, barriers cost nothing:
// 2 x (DISPATCH 187 + MLP 128 + COMBINE 394) = 1418, the published decode layer in microseconds.
TEST(DecodeOverlap, PublishedStagesGiveThePublishedLayerEitherWay) {
  const DecodeStages published{34, 63, 344, 128, 187, 394};
  const DecodeHalves halves{{published, published}, {34 + 63, 34 + 63}, {344, 344}};
  EXPECT_DOUBLE_EQ(decode_layer_with_barriers(halves), 1418.0);
  EXPECT_DOUBLE_EQ(decode_layer_without_barriers(halves), 1418.0);
}

// ATTN 3, SHARED 1, MLP 6, DISPATCH 4, COMBINE 8:
// max(4, 8) + max(3, 4) + max(6, 4) + max(7, 8) = 26; without overlap 3 + 1 + 4 + 6 + 8 = 22 per
// half.
TEST(PrefillOverlap, ClosedFormWorked) {
  const PrefillHalf half{{3, 1, 6, 4, 8}, 4};
  EXPECT_DOUBLE_EQ(prefill_layer_with_barriers(half), 26.0);
  EXPECT_DOUBLE_EQ(prefill_layer_without_overlap(half), 22.0);
}

TEST(PrefillOverlap, TaskGraphIsNeverSlowerThanBarriersNorBelowItsStreams) {
  base::Stream stream(base::StreamFamily(4, "test.overlap"), 0);
  for (int trial = 0; trial < 2'000; ++trial) {
    const PrefillHalf half = random_prefill(stream);
    const PrefillStages& s = half.stages;
    const double graph = prefill_layer_without_barriers(half, 58);
    EXPECT_LE(graph, prefill_layer_with_barriers(half) + 1e-9);
    EXPECT_GE(graph, 2.0 * (s.attn_s + s.shared_s + s.mlp_s) - 1e-9);
    EXPECT_GE(graph, 2.0 * (s.dispatch_s + s.combine_s) - 1e-9);
  }
}

// Compute alone: the graph is 2 x (ATTN + SHARED + MLP); communication alone: 2 x (DISPATCH +
// COMBINE).
TEST(PrefillOverlap, OneStreamAlone) {
  const PrefillHalf compute{{3, 1, 6, 0, 0}, 4};
  EXPECT_DOUBLE_EQ(prefill_layer_without_barriers(compute, 10), 20.0);
  EXPECT_DOUBLE_EQ(prefill_layer_with_barriers(compute), 20.0);
  const PrefillHalf network{{0, 0, 0, 4, 8}, 0};
  EXPECT_DOUBLE_EQ(prefill_layer_without_barriers(network, 10), 24.0);
  EXPECT_DOUBLE_EQ(prefill_layer_with_barriers(network), 24.0);
}

}  // namespace
}  // namespace epfleet::timing
