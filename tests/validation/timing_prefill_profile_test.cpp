// Prefill against the published profile of February 2025: H800, EP32, balanced routing, 16,384
// tokens per GPU of 4,096-token prompts, two micro-batches. Source: DeepSeek profile-data prefill
// trace as charted by SGLang. Which constants were calibrated on it is said in
// docs/validation.md.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/prefill_pricer.h"
#include "near_published.h"

namespace epfleet::timing {
namespace {

constexpr double kMsPerS = 1e3;
constexpr double kPairs = 4.0 * 4'096.0 * 4'097.0 / 2.0;  // four prompts, causal

double prefill_layer_s(const PrefillLayer& layer) {
  return layer_s(layer, prefill_half(layer, 16'384, 0, kPairs));
}

// ms per layer, both micro-batches.
TEST(PrefillProfile, Breakdown) {
  const LayerBreakdown rows = prefill_breakdown({{}, {}, {}, {}}, 16'384, 0, kPairs);
  expect_within("overall_ms", rows.overall_s * kMsPerS, 34.64, 0.05);
  expect_within("dispatch_barrier_ms", rows.dispatch_barrier_s * kMsPerS, 2.09, 0.15);
  expect_within("dispatch_core_ms", rows.dispatch_core_s * kMsPerS, 9.48, 0.15);
  expect_within("combine_barrier_ms", rows.combine_barrier_s * kMsPerS, 2.03, 0.15);
  expect_within("combine_core_ms", rows.combine_core_s * kMsPerS, 17.26, 0.15);
  expect_within("moe_ms", rows.compute.moe_s * kMsPerS, 12.40, 0.15);
  expect_within("attention_core_ms", rows.compute.attention_core_s * kMsPerS, 5.66, 0.15);
  expect_within("gemm_ms", rows.compute.gemm_s * kMsPerS, 8.44, 0.15);
  expect_within("other_ms", rows.compute.other_s * kMsPerS, 5.14, 0.15);
  expect_within("compute_bubble_ms", rows.compute_bubble_s * kMsPerS, 2.48, 0.15);
  expect_within("communication_bubble_ms", rows.communication_bubble_s * kMsPerS, 3.65, 0.15);
}

// tokens/s per node = 8 x 16,384 / step: 62.0 k from the layer's time, 62.7 k by the usual
// estimate.
TEST(PrefillProfile, Throughput) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  const std::vector<PrefillLoad> loads(32, {16'384, 0, 4, kPairs});
  const StepPrice step = pricer.price(loads);
  const double tokens_per_second = 8.0 * 16'384.0 / base::to_seconds(step.duration);
  expect_within("tokens_per_s_per_node", tokens_per_second, 62'350.0, 0.05);
  EXPECT_FALSE(step.out_of_range);
}

// Both streams are almost full: barriers cost nothing at the profile.
TEST(PrefillProfile, TaskGraphIsWithinOnePercentOfTheClosedForm) {
  model::PrefillLayout graph;
  graph.phase_barriers = false;
  const double with = prefill_layer_s({{}, {}, {}, {}});
  const double without = prefill_layer_s({{}, {}, graph, {}});
  EXPECT_LE(without, with);
  EXPECT_NEAR(without / with, 1.0, 0.01);
}

}  // namespace
}  // namespace epfleet::timing
