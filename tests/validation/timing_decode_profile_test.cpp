// Decode against the published profile of February 2025: H800, EP128 without redundant experts,
// balanced routing, 128 requests per GPU, 4,096 tokens of context, one MTP draft. Sources: DeepSeek
// profile-data decode trace as read kernel by kernel (zdszero.github.io) and as charted by SGLang.
// Which constants were calibrated on it is said in docs/validation.md.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/decode_pricer.h"
#include "near_published.h"

namespace epfleet::timing {
namespace {

constexpr double kUs = 1e6, kMs = 1e3;

model::DecodeLayout profile_layout() {
  model::DecodeLayout layout;
  layout.gpus = 128;
  layout.redundant_experts = 0;
  return layout;
}

DecodeLayer profile_layer() { return {{}, {}, profile_layout(), {}}; }

double decode_layer_s(const DecodeLayer& layer) {
  return layer_s(layer, decode_halves(layer, 128, 128 * 4'096));
}

TEST(DecodeProfile, LayerAndStep) {
  const DecodeLayer layer = profile_layer();
  expect_within("layer_ms", decode_layer_s(layer) * kMs, 1.42, 0.05);
  const DecodePricer pricer({{}, {}, profile_layout(), {}});
  const std::vector<std::int32_t> requests(128, 128);
  const std::vector kv(128, base::TokenParts32::from_tokens(128 * 4'096));
  const StepPrice step = pricer.price(requests, kv);
  expect_within("step_ms", base::to_seconds(step.duration) * kMs, 96.0, 0.05);
  EXPECT_FALSE(step.out_of_range);
}

// us per layer and micro-batch; sums of the kernel table's rows.
TEST(DecodeProfile, Stages) {
  const DecodeStages s = profile_layer().even_stages(64, 64 * 4'096);
  expect_within("attn0_us", s.attn0_s * kUs, 63, 0.15);
  expect_within("attn1_us", s.attn1_s * kUs, 344, 0.15);
  expect_within("moe_us", s.mlp_s * kUs, 128, 0.15);
  expect_within("shared_us", s.shared_s * kUs, 34, 0.15);
  expect_within("dispatch_us", s.dispatch_s * kUs, 187, 0.15);
  expect_within("combine_us", s.combine_s * kUs, 394, 0.15);
}

// ms per layer, both micro-batches. The exposed combine wait is the difference of two large numbers
// (394 - 344 in one reading, 37 in the other), so it has no tolerance of its own; the chart's other
// kernels include what the table does not list.
TEST(DecodeProfile, Breakdown) {
  const LayerBreakdown rows = decode_breakdown(profile_layer(), 128, 128 * 4'096);
  expect_within("overall_ms", rows.overall_s * kMs, 1.422, 0.05);
  expect_within("moe_ms", rows.compute.moe_s * kMs, 0.243, 0.15);
  expect_within("attention_core_ms", rows.compute.attention_core_s * kMs, 0.502, 0.15);
  expect_within("gemm_ms", rows.compute.gemm_s * kMs, 0.291, 0.15);
  expect_within("dispatch_exposed_ms", rows.dispatch_core_s * kMs, 0.173, 0.15);
  expect_within("other_ms", rows.compute.other_s * kMs, 0.084, 0.20);
}

// The profile is bound by communication: barriers cost nothing there.
TEST(DecodeProfile, TaskGraphEqualsTheClosedForm) {
  model::DecodeLayout graph = profile_layout();
  graph.phase_barriers = false;
  EXPECT_DOUBLE_EQ(decode_layer_s({{}, {}, graph, {}}), decode_layer_s(profile_layer()));
}

}  // namespace
}  // namespace epfleet::timing
