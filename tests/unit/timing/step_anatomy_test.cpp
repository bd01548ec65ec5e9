// Random layouts and shapes: the parts of a step add up to what the pricers say.
#include "epfleet/timing/step_anatomy.h"

#include <gtest/gtest.h>

#include <vector>

#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"
#include "random_layouts.h"
#include "timing_parts.h"

namespace epfleet::timing {
namespace {

// (moe + mtp layers) x layer + dense layers + head + host = the pricer's step, but for the pricer's
// tables and single precision: 1e-4; with and without overlap and barriers.
TEST(StepAnatomy, DecodePartsAddUpToThePricersStep) {
  base::Stream stream(base::StreamFamily(3, "test.anatomy"), 0);
  for (int trial = 0; trial < 100; ++trial) {
    model::DecodeLayout layout = random_decode_layout(stream);
    layout.overlap = trial % 4 != 0 ? model::Overlap::DualBatch : model::Overlap::None;
    layout.phase_barriers = flip(stream);
    const auto gpus = static_cast<std::size_t>(layout.gpus);
    const auto requests =
        static_cast<std::int32_t>(between(stream, 1, layout.max_requests_per_gpu));
    const auto context = static_cast<std::int32_t>(between(stream, 1, 32'000));
    const StepAnatomy step =
        decode_anatomy({{}, {}, layout, {}}, requests, static_cast<double>(requests) * context);
    const DecodePricer pricer({{}, {}, layout, {}});
    const StepPrice price =
        pricer.price(std::vector(gpus, requests),
                     std::vector(gpus, base::TokenParts32::from_tokens(requests * context)));
    EXPECT_NEAR(base::to_seconds(price.duration) / step.step_s, 1.0, 1e-4)
        << layout.gpus << " GPUs, " << requests << " requests of " << context;
    EXPECT_EQ(price.out_of_range, !step.outside_calibration.empty());
    EXPECT_EQ(step.layer_s, layout.dual_batch() && !layout.phase_barriers ? step.without_barriers_s
                                                                          : step.with_barriers_s);
  }
}

TEST(StepAnatomy, PrefillPartsAddUpToThePricersStep) {
  base::Stream stream(base::StreamFamily(4, "test.anatomy"), 0);
  for (int trial = 0; trial < 100; ++trial) {
    model::PrefillLayout layout = random_prefill_layout(stream);
    layout.overlap = trial % 4 != 0 ? model::Overlap::DualBatch : model::Overlap::None;
    layout.phase_barriers = flip(stream);
    const std::int64_t sequences = between(stream, 1, 8);
    const std::int64_t prompt = 64 * between(stream, 1, 40);
    const PrefillBatch batch =
        batch_of_prompts(static_cast<double>(sequences * prompt), static_cast<double>(prompt));
    const StepAnatomy step = prefill_anatomy({{}, {}, layout, {}}, batch);
    const PrefillLoad load{static_cast<std::int32_t>(sequences * prompt), 0,
                           static_cast<std::int32_t>(sequences), batch.pairs};
    const StepPrice price = PrefillPricer({{}, {}, layout, {}})
                                .price(std::vector(static_cast<std::size_t>(layout.gpus), load));
    EXPECT_NEAR(base::to_seconds(price.duration) / step.step_s, 1.0, 1e-4);
    EXPECT_EQ(price.out_of_range, !step.outside_calibration.empty());
  }
}

// With barriers a layer is the sum of its phases, each the longer of compute and network.
TEST(StepAnatomy, PhasesAddUpToTheLayer) {
  const StepAnatomy decode = decode_anatomy({{}, {}, {}, {}}, 77, 77 * 5'000);
  const StepAnatomy prefill = prefill_anatomy({{}, {}, {}, {}}, batch_of_prompts(9'000, 3'000));
  for (const StepAnatomy& step : {decode, prefill}) {
    double sum = 0.0;
    for (const PhaseTime& phase : step.phases) {
      sum += phase.seconds();
    }
    EXPECT_DOUBLE_EQ(sum, step.layer_s);
    EXPECT_EQ(end_of(schedule(step.graph, true)), kExpertLayers * step.with_barriers_s);
  }
}

// Chunks of a prompt of 4 T tokens: prefixes 0, T, 2 T, 3 T, 1.5 T on average; pairs in all
// 4 T (4 T + 1) / 2, a quarter of them a step; one prompt ends every fourth step.
TEST(StepAnatomy, ALongPromptIsItsMeanChunk) {
  const PrefillBatch batch = batch_of_prompts(1'000, 4'000);
  EXPECT_DOUBLE_EQ(batch.prefix_tokens, 1'500.0);
  EXPECT_DOUBLE_EQ(batch.pairs, 4'000.0 * 4'001.0 / 2.0 / 4.0);
  EXPECT_DOUBLE_EQ(batch.sequences, 0.25);
  EXPECT_DOUBLE_EQ(batch_of_prompts(16'384, 4'096).prefix_tokens, 0.0);
  EXPECT_DOUBLE_EQ(batch_of_prompts(16'384, 4'096).pairs, 4.0 * 4'096.0 * 4'097.0 / 2.0);
}

// One request: it is in micro-batch 0 with all of its KV; micro-batch 1 has a transfer's fixed time
// (it had half of the KV).
TEST(StepAnatomy, OneRequest) {
  const DecodeHalves halves = decode_halves({{}, {}, {}, {}}, 1, 4'000);
  EXPECT_GT(halves.stages[0].shared_s, 0.0);
  EXPECT_EQ(halves.stages[1].shared_s, 0.0);
  EXPECT_EQ(halves.stages[1].mlp_s, 0.0);
  EXPECT_EQ(halves.stages[1].attn1_s, 0.0);
  EXPECT_EQ(halves.beside_combine_s[0], 0.0 + DecodeLayer({}, {}, {}, {}).combine_on_sms_s(1));
  EXPECT_NEAR(halves.stages[1].dispatch_s, 27e-6, 1e-9);
}

}  // namespace
}  // namespace epfleet::timing
