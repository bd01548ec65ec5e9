// What an inference engine adds to a step.
#include "epfleet/model/engine.h"

#include <gtest/gtest.h>

#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/step_anatomy.h"

namespace epfleet::timing {
namespace {

using namespace std::chrono_literals;

constexpr double kKv = 4'096.0;

model::DecodeLayout run_by(const model::Engine& engine) {
  model::DecodeLayout layout;
  layout.engine = engine;
  return layout;
}

StepAnatomy step_of(const model::DecodeLayout& layout, double requests) {
  return decode_anatomy({{}, {}, layout, {}}, requests, requests * kKv);
}

StepPrice price_of(const model::DecodeLayout& layout, std::int32_t requests) {
  const std::vector<std::int32_t> all(144, requests);
  const std::vector<base::TokenParts32> kv(
      144, base::TokenParts32::from_tokens(static_cast<std::int32_t>(requests * kKv)));
  return DecodePricer({{}, {}, layout, {}}).price(all, kv);
}

TEST(Engine, PadsToTheNextCapturedBatch) {
  const model::Engine engine{.graph_batches = {32, 129}};
  EXPECT_EQ(engine.padded(0, 1), 0);
  EXPECT_EQ(engine.padded(1, 1), 32);
  EXPECT_EQ(engine.padded(33, 1), 129);
  EXPECT_EQ(engine.padded(130, 1), 130);  // larger than any: as it is
  EXPECT_EQ(engine.padded(16, 2), 16);    // halves of 32
  EXPECT_EQ(engine.padded(17, 2), 65);    // the larger half of 129
  EXPECT_EQ(model::Engine{}.padded(7, 2), 7);
}

// 21 kernels of a layer and micro-batch: where nothing hides them, 2 x 21 x 5 us a layer.
TEST(Engine, EveryKernelOfTheComputeStreamCosts) {
  model::DecodeLayout layout;
  layout.overlap = model::Overlap::None;
  const double before = step_of(layout, 64).layer_s;
  layout.engine.kernel_overhead = 5us;
  const StepAnatomy after = step_of(layout, 64);
  EXPECT_NEAR(after.layer_s - before, 21 * 5e-6, 1e-9);
  EXPECT_NEAR(after.breakdown.compute.engine_s, 21 * 5e-6, 1e-12);
  EXPECT_GT(after.engine_s, 58 * 21 * 5e-6);  // the step's share: dense layers and host time too
}

// Experts and transfers see the true tokens; ATTN-0 and SHARED the captured rows.
TEST(Engine, ACapturedGraphPadsDenseKernelsOnly) {
  const model::DecodeLayout exact, padded = run_by({.graph_batches = {128}});
  const DecodeHalves a = decode_halves({{}, {}, exact, {}}, 20, 20 * kKv);
  const DecodeHalves b = decode_halves({{}, {}, padded, {}}, 20, 20 * kKv);
  const DecodeHalves full = decode_halves({{}, {}, exact, {}}, 128, 128 * kKv);
  EXPECT_EQ(b.stages[0].attn0_s, full.stages[0].attn0_s);
  EXPECT_EQ(b.stages[0].shared_s, full.stages[0].shared_s);
  EXPECT_EQ(b.stages[0].mlp_s, a.stages[0].mlp_s);
  EXPECT_EQ(b.stages[0].dispatch_s, a.stages[0].dispatch_s);
  EXPECT_EQ(b.stages[0].combine_s, a.stages[0].combine_s);
  EXPECT_GT(b.stages[0].attn1_s, a.stages[0].attn1_s);
  EXPECT_LT(b.stages[0].attn1_s, full.stages[0].attn1_s);  // dummies have one token each
  EXPECT_EQ(price_of(padded, 128).duration, price_of(exact, 128).duration);
  EXPECT_GT(price_of(padded, 20).duration, price_of(exact, 20).duration);
}

// A host slower than the GPU sets the step, whatever the batch: 59 layers x 2 x 25 launches and
// what is beside them.
TEST(Engine, AnEagerHostSetsSmallSteps) {
  const model::DecodeLayout eager = run_by({.host_time = 1ms, .launch_time = 38us});
  const double few = base::to_seconds(price_of(eager, 2).duration);
  EXPECT_NEAR(few, 1e-3 + 38e-6 * (59 * 2 * 25 + 3 * 16 + 5 + 6), 1e-9);
  EXPECT_EQ(price_of(eager, 2).duration, price_of(eager, 16).duration);
  const StepAnatomy step = step_of(eager, 2);
  EXPECT_NEAR(step.step_s, few, 1e-9);
  EXPECT_GT(step.launch_wait_s, 0.05);
  // launched one batch at a time, half as many
  model::DecodeLayout automatic = eager;
  automatic.overlap = model::Overlap::Auto;
  EXPECT_LT(base::to_seconds(price_of(automatic, 2).duration), few / 1.9);
}

TEST(Engine, TheAnatomyEqualsThePrice) {
  for (const model::Overlap overlap : {model::Overlap::Auto, model::Overlap::DualBatch}) {
    model::DecodeLayout layout =
        run_by({.host_time = 2ms, .kernel_overhead = 4'900ns, .graph_batches = {16, 48, 96}});
    layout.overlap = overlap;
    for (const std::int32_t requests : {1, 9, 40, 77, 128}) {
      EXPECT_NEAR(step_of(layout, requests).step_s,
                  base::to_seconds(price_of(layout, requests).duration), 1e-7)
          << requests;
    }
  }
}

}  // namespace
}  // namespace epfleet::timing
