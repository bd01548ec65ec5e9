#include "epfleet/timing/prefill_pricer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/timing/prefill_layer.h"

namespace epfleet::timing {
namespace {

std::vector<PrefillLoad> even_loads(std::int32_t tokens, std::int32_t prompts) {
  const double q = static_cast<double>(tokens) / prompts;
  return std::vector<PrefillLoad>(32, {tokens, 0, prompts, prompts * q * (q + 1.0) / 2.0});
}

std::vector<PrefillLoad> random_loads(base::Stream& stream) {
  std::vector<PrefillLoad> loads;
  for (int g = 0; g < 32; ++g) {
    PrefillLoad load;
    load.tokens = static_cast<std::int32_t>(stream.uniform() * 16'385.0);
    load.prefix_tokens = static_cast<std::int32_t>(stream.uniform() * 30'000.0);
    load.sequences = static_cast<std::int32_t>(stream.uniform() * 5.0);
    load.attention_pairs = load.tokens * (load.prefix_tokens + load.tokens / 2.0);
    loads.push_back(load);
  }
  loads[0].tokens = 5'000;
  return loads;
}

double price_s(const PrefillPricer& pricer, const std::vector<PrefillLoad>& loads) {
  return base::to_seconds(pricer.price(loads).duration);
}

// The step from its definition, GPU by GPU, without curves:
// max(ATTN + SHARED, COMBINE) + max(ATTN, DISPATCH) + max(MLP, DISPATCH) + max(MLP + SHARED,
// COMBINE).
double reference_s(const PrefillLayer& layer, const std::vector<PrefillLoad>& loads) {
  double attn = 0, shared = 0, both = 0, dense = 0, fullest = 0, unit = 0, sequences = 0;
  for (const PrefillLoad& load : loads) {
    if (load.tokens == 0) {
      continue;
    }
    const double half = load.tokens / 2.0;
    const double a = layer.attn(half, load.prefix_tokens / 2.0, load.attention_pairs / 2.0).total();
    const double s = layer.shared(half).total();
    attn = std::max(attn, a);
    shared = std::max(shared, s);
    both = std::max(both, a + s);
    dense = std::max(dense, layer.dense_layers_fixed_s(load.tokens) +
                                load.prefix_tokens * layer.dense_layers_per_prefix_token_s() +
                                load.attention_pairs * layer.dense_layers_per_pair_s());
    fullest = std::max(fullest, half);
    unit += half;
    sequences = std::max<double>(sequences, load.sequences);
  }
  const double received = layer.received_tokens(unit);
  const double dispatch = layer.dispatch_s(std::max(fullest, received));
  const double combine = layer.combine_s(std::max(fullest, received));
  const double mlp = layer.mlp(received).total();
  const double layer_s = std::max(both, combine) + std::max(attn, dispatch) +
                         std::max(mlp, dispatch) + std::max(mlp + shared, combine);
  return 59.0 * layer_s + dense + layer.head_s(sequences);
}

TEST(PrefillPricer, EqualsTheDefinitionOnUnevenLoads) {
  model::ExpertImbalance falling;
  for (int knot = 0; knot <= 20; ++knot) {
    falling.max_over_mean.push_back(1.05 + 2.0 / (1.0 + knot));
  }
  base::Stream stream(base::StreamFamily(1, "test.prefill"), 0);
  hardware::HardwareProfile tiles;
  tiles.gemm_law = hardware::GemmLaw::Tiles;
  for (const auto& [gpu, imbalance] :
       {std::pair{hardware::HardwareProfile{}, model::ExpertImbalance{}},
        std::pair{hardware::HardwareProfile{}, falling}, std::pair{tiles, falling}}) {
    const PrefillPricer pricer({gpu, {}, {}, imbalance});
    const PrefillLayer layer(gpu, {}, {}, imbalance);
    for (int trial = 0; trial < 50; ++trial) {
      const auto loads = random_loads(stream);
      EXPECT_NEAR(price_s(pricer, loads) / reference_s(layer, loads), 1.0, 1e-4);
    }
  }
}

// Beyond the curves' end the kernels are linear, and so are the curves.
TEST(PrefillPricer, MoreTokensThanTheCurvesHold) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  const PrefillLayer layer({}, {}, {}, {});
  const auto loads = even_loads(50'000, 10);
  EXPECT_NEAR(price_s(pricer, loads) / reference_s(layer, loads), 1.0, 1e-5);
}

// A full step pays its barriers, a tiny one in proportion to its tokens. One token on one GPU: less
// than a thousandth of 59 x 2 x (1.045 + 1.013) ms = 0.243 s is waiting.
TEST(PrefillPricer, ATinyStepIsNotFlooredByTheBarrierOfAFullOne) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  hardware::HardwareProfile no_barrier;
  no_barrier.normal_dispatch_barrier = no_barrier.normal_combine_barrier = {};
  const PrefillPricer without({no_barrier, {}, {}, {}});
  std::vector<PrefillLoad> loads(32);
  loads[9] = {1, 0, 1, 1.0};
  const double full = 59.0 * 2.0 * (1.045e-3 + 1.013e-3);
  EXPECT_LT(price_s(pricer, loads) - price_s(without, loads), full / 1000.0);
  EXPECT_LT(price_s(pricer, loads), 0.05);
  EXPECT_TRUE(pricer.price(loads).out_of_range);
}

// From 4,096 tokens of a half on nothing is taken off: the profile's step has 8,192.
TEST(PrefillPricer, BarriersAreWholeFromTheirTokensOn) {
  hardware::HardwareProfile constant;
  constant.normal_barrier_tokens = 1;
  const PrefillPricer always({constant, {}, {}, {}});
  const PrefillPricer pricer({{}, {}, {}, {}});
  for (const std::int32_t tokens : {8'192, 16'384}) {
    EXPECT_EQ(price_s(pricer, even_loads(tokens, 4)), price_s(always, even_loads(tokens, 4)));
  }
  EXPECT_LT(price_s(pricer, even_loads(8'000, 4)), price_s(always, even_loads(8'000, 4)));
}

// 31 GPUs wait for one with a long prompt: its pairs alone decide the two phases with ATTN.
TEST(PrefillPricer, TheSlowestGpuSetsTheStep) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  const PrefillLayer layer({}, {}, {}, {});
  auto loads = even_loads(16'384, 1);
  const double before = price_s(pricer, loads);
  loads[4].attention_pairs += 1e8;
  const double per_layer = 2.0 * 0.5e8 * layer.attn_per_pair_s();
  EXPECT_NEAR(price_s(pricer, loads) - before,
              59.0 * per_layer + 1e8 * layer.dense_layers_per_pair_s(), 1e-6);
}

// Reused prefix costs its up-projection: linear, and the more the longer.
TEST(PrefillPricer, PrefixIsUpProjectedAgain) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  auto loads = even_loads(16'384, 1);
  const double before = price_s(pricer, loads);
  for (PrefillLoad& load : loads) {
    load.prefix_tokens = 20'000;
  }
  EXPECT_GT(price_s(pricer, loads), before);
}

// work() is the slope of the attention stage: two loads differ by their tokens, prefix and pairs.
TEST(PrefillPricer, WorkIsTheSlopeOfTheAttentionStage) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  const PrefillLayer layer({}, {}, {}, {});
  const auto attention = [&](double tokens, double prefix, double pairs) {  // 58 layers and MTP's
    return 59.0 * 2.0 * layer.attn(tokens / 2, prefix / 2, pairs / 2).total();
  };
  const double difference = attention(16'384, 3'000, 9e7) - attention(8'192, 1'000, 3e7);
  EXPECT_NEAR(pricer.work().seconds(8'192, 2'000, 6e7) / difference, 1.0, 1e-6);
}

// Without overlap: one batch on all SMs, stage after stage, and transfers alone (no in-situ
// factor).
TEST(PrefillPricer, WithoutOverlapStagesAddUp) {
  model::PrefillLayout layout;
  layout.overlap = model::Overlap::None;
  const PrefillPricer pricer({{}, {}, layout, {}});
  const PrefillLayer layer({}, {}, layout, {});
  const auto loads = even_loads(16'384, 4);
  const double pairs = loads[0].attention_pairs;
  const PrefillHalf all = layer.even_half(16'384, 0, pairs);
  const double layer_s = all.stages.attn_s + all.stages.shared_s + all.stages.dispatch_s +
                         all.stages.mlp_s + all.stages.combine_s;
  const double expected = 59.0 * layer_s + layer.dense_layers_fixed_s(16'384) +
                          pairs * layer.dense_layers_per_pair_s() + layer.head_s(4);
  EXPECT_NEAR(price_s(pricer, loads) / expected, 1.0, 1e-6);
  EXPECT_GT(price_s(pricer, loads), price_s(PrefillPricer({{}, {}, {}, {}}), loads));
}

TEST(PrefillPricer, WithoutPhaseBarriersNeverSlower) {
  model::PrefillLayout graph;
  graph.phase_barriers = false;
  const PrefillPricer with({{}, {}, {}, {}});
  const PrefillPricer without({{}, {}, graph, {}});
  base::Stream stream(base::StreamFamily(2, "test.prefill"), 0);
  for (int trial = 0; trial < 100; ++trial) {
    const auto loads = random_loads(stream);
    EXPECT_LE(price_s(without, loads), price_s(with, loads) + 1e-9);
  }
}

TEST(PrefillPricer, MarksWhatIsOutOfRange) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  EXPECT_FALSE(pricer.price(even_loads(16'384, 4)).out_of_range);
  EXPECT_TRUE(pricer.price(even_loads(100, 1)).out_of_range);
  auto loads = even_loads(1'024, 1);
  loads[0].attention_pairs = 1'024.0 * 60'000.0;
  EXPECT_TRUE(pricer.price(loads).out_of_range);
}

TEST(PrefillPricer, RefusesLoadsOfAnotherUnit) {
  const PrefillPricer pricer({{}, {}, {}, {}});
  EXPECT_THROW((void)pricer.price(std::vector<PrefillLoad>(31, {1, 0, 0, 1.0})),
               base::InvariantBroken);
  EXPECT_THROW((void)pricer.price(std::vector<PrefillLoad>(32)), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::timing
