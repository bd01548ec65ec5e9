#include "epfleet/timing/decode_pricer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/timing/decode_layer.h"
#include "timing_parts.h"

namespace epfleet::timing {
namespace {

using base::TokenParts32;

struct Load {
  std::vector<std::int32_t> requests;
  std::vector<TokenParts32> kv;
};

Load even_load(std::int64_t gpus, std::int32_t requests, std::int32_t context) {
  Load load;
  load.requests.assign(static_cast<std::size_t>(gpus), requests);
  load.kv.assign(static_cast<std::size_t>(gpus), TokenParts32::from_tokens(requests * context));
  return load;
}

Load random_load(std::int64_t gpus, std::int32_t most, base::Stream& stream) {
  Load load;
  for (std::int64_t g = 0; g < gpus; ++g) {
    const auto n = static_cast<std::int32_t>(stream.uniform() * (most + 1));
    load.requests.push_back(n);
    load.kv.push_back(TokenParts32::round_down(n * 10'000.0 * stream.uniform()));
  }
  load.requests[0] = std::max(load.requests[0], 1);
  return load;
}

double price_s(const DecodePricer& pricer, const Load& load) {
  return seconds(pricer.price(load.requests, load.kv));
}

// The step from its definition, GPU by GPU in double precision, without tables:
// sum over i of max(max_g (SHARED(i) + ATTN0(1-i)), DISPATCH(i)) + MLP(i) + max(max_g ATTN1(1-i),
// COMBINE(i)).
double reference_s(const DecodeLayer& layer, const Load& load) {
  const auto gpus = load.requests.size();
  std::array<double, 2> unit{}, fullest{}, beside_dispatch{}, beside_combine{};
  double dense = 0.0, head = 0.0;
  for (std::size_t g = 0; g < gpus; ++g) {
    const double n = load.requests[g];
    const double kv = load.kv[g].tokens();
    const std::array<double, 2> half{std::ceil(n / 2.0), std::floor(n / 2.0)};
    for (std::size_t i = 0; i < 2; ++i) {
      unit[i] += half[i];
      fullest[i] = std::max(fullest[i], half[i]);
      beside_dispatch[i] = std::max(beside_dispatch[i], layer.shared(half[i]).total() +
                                                            layer.dispatch_on_sms_s(half[i]) +
                                                            layer.attn0(half[1 - i]).total());
      const double kv_part = n > 0.0 ? kv * half[1 - i] / n * layer.attn1_per_kv_token_s() : 0.0;
      beside_combine[i] = std::max(beside_combine[i], layer.attn1_fixed_s(half[1 - i]) + kv_part +
                                                          layer.combine_on_sms_s(half[i]));
    }
    const double layers = static_cast<double>(layer.model().dense_layers);
    dense =
        std::max(dense, layer.dense_layers_fixed_s(n) + layers * kv * layer.attn1_per_kv_token_s());
    head = std::max(head, layer.head_s(n));
  }
  double layer_s = 0.0;
  for (std::size_t i = 0; i < 2; ++i) {
    const double received = layer.received_requests(unit[i]);
    const double busiest = std::max(fullest[i], received);
    layer_s += std::max(beside_dispatch[i], layer.dispatch_s(busiest)) +
               layer.mlp(received).total() + std::max(beside_combine[i], layer.combine_s(busiest));
  }
  return layer.moe_layer_equivalents() * layer_s + dense + head +
         base::to_seconds(layer.layout().engine.host_time);
}

// Tables hold floats: 1e-5 covers that; a wrong term is far larger. With tiles the slowest GPU need
// not be the fullest, nor need a GPU with few requests be fast.
TEST(DecodePricer, EqualsTheDefinitionOnUnevenLoads) {
  const model::DecodeLayout layout;
  base::Stream stream(base::StreamFamily(1, "test.decode"), 0);
  hardware::HardwareProfile tiles;
  tiles.gemm_law = hardware::GemmLaw::Tiles;
  tiles.mla_decode_law = hardware::MlaLaw::Schedule;
  for (const auto& [gpu, imbalance] :
       {std::pair{hardware::HardwareProfile{}, model::ExpertImbalance{}},
        std::pair{hardware::HardwareProfile{}, falling_imbalance(4.0)},
        std::pair{tiles, falling_imbalance(4.0)}}) {
    const DecodePricer pricer({gpu, {}, layout, imbalance});
    const DecodeLayer layer(gpu, {}, layout, imbalance);
    for (const std::int32_t most : {2, 17, 60, 128}) {
      for (int trial = 0; trial < 20; ++trial) {
        const Load load = random_load(layout.gpus, most, stream);
        const double expected = reference_s(layer, load);
        EXPECT_NEAR(price_s(pricer, load) / expected, 1.0, 1e-5) << most;
      }
    }
  }
}

// A GPU above the cap is priced by the same formula, off the tables.
TEST(DecodePricer, RequestsBeyondTheCap) {
  const model::DecodeLayout layout;
  const DecodePricer pricer({{}, {}, layout, {}});
  const DecodeLayer layer({}, {}, layout, {});
  Load load = even_load(layout.gpus, 100, 3'000);
  load.requests[7] = 200;
  load.kv[7] = TokenParts32::from_tokens(200 * 3'000);
  EXPECT_NEAR(price_s(pricer, load) / reference_s(layer, load), 1.0, 1e-4);
  EXPECT_FALSE(pricer.price(load.requests, load.kv).out_of_range);
  load.requests[7] = 260;  // 130 requests x 2 tokens in a micro-batch > 256
  EXPECT_TRUE(pricer.price(load.requests, load.kv).out_of_range);
}

// One request in the whole unit: the collectives' floor is paid for both micro-batches of every
// layer, 59 x 2 x (27 + 27 x 1.068) us = 6.59 ms, beside host time and the weights that are read.
TEST(DecodePricer, AnAlmostIdleUnitPaysTheFloor) {
  const model::DecodeLayout layout;
  const DecodePricer pricer({{}, {}, layout, {}});
  Load load = even_load(layout.gpus, 0, 0);
  load.requests[3] = 1;
  load.kv[3] = TokenParts32::from_tokens(100);
  const double floor_s = 59.0 * 2.0 * (27e-6 + 27e-6 * 1.068) + 5e-3;
  EXPECT_GT(price_s(pricer, load), floor_s);
  EXPECT_LT(price_s(pricer, load), 0.040);
}

// Only the largest GPU counts: an idle GPU among loaded ones changes the step by what it does not
// send.
TEST(DecodePricer, TheSlowestGpuSetsTheStep) {
  const model::DecodeLayout layout;
  const DecodePricer pricer({{}, {}, layout, {}});
  Load even = even_load(layout.gpus, 100, 9'000);
  const double even_s = price_s(pricer, even);
  Load one_longer = even;
  one_longer.kv[5] += TokenParts32::from_tokens(100'000);
  // ATTN1 bounds these phases; half of the KV in each micro-batch: 2 x 50,000 tokens x slope in 59
  // layers and 100,000 x slope in 3.
  const DecodeLayer layer({}, {}, layout, {});
  EXPECT_NEAR(price_s(pricer, one_longer) - even_s, 62.0 * 100'000.0 * layer.attn1_per_kv_token_s(),
              1e-6);
}

TEST(DecodePricer, MoreLoadIsNeverFaster) {
  const model::DecodeLayout layout;
  const DecodePricer pricer({{}, {}, layout, falling_imbalance(4.0)});
  base::Stream stream(base::StreamFamily(2, "test.decode"), 0);
  for (int trial = 0; trial < 200; ++trial) {
    Load load = random_load(layout.gpus, 100, stream);
    const double before = price_s(pricer, load);
    const auto gpu = static_cast<std::size_t>(stream.uniform() * 144.0);
    load.requests[gpu] += 2;
    load.kv[gpu] += TokenParts32::from_tokens(5'000);
    EXPECT_GE(price_s(pricer, load), before);
  }
}

// A lone step is never slower on a GPU whose rate or link is faster.
TEST(DecodePricer, FasterHardwareIsNeverSlower) {
  const Load load = even_load(144, 120, 6'000);
  const double before = price_s(DecodePricer({{}, {}, {}, {}}), load);
  hardware::HardwareProfile rate, link, memory;
  rate.mla_decode_rate = hardware::FlopsPerSecond(rate.mla_decode_rate.count() * 1.5);
  link.low_latency_combine_per_token = base::Duration(1'000);
  memory.dense_gemm_bandwidth = hardware::BytesPerSecond(5e12);
  EXPECT_LT(price_s(DecodePricer({rate, {}, {}, {}}), load), before);
  EXPECT_LE(price_s(DecodePricer({link, {}, {}, {}}), load), before);
  EXPECT_LE(price_s(DecodePricer({memory, {}, {}, {}}), load), before);
}

// One batch without overlap: SHARED + ATTN0 + ATTN1 + DISPATCH + MLP + COMBINE of the full batch.
TEST(DecodePricer, WithoutOverlapStagesAddUp) {
  model::DecodeLayout layout;
  layout.overlap = model::Overlap::None;
  const DecodePricer pricer({{}, {}, layout, {}});
  const DecodeLayer layer({}, {}, layout, {});
  const Load load = even_load(layout.gpus, 64, 4'096);
  const DecodeStages s = layer.even_stages(64, 64 * 4'096);
  const double layer_s = s.shared_s + s.attn0_s + s.attn1_s + s.dispatch_s + s.mlp_s + s.combine_s;
  const double expected = 59.0 * layer_s + layer.dense_layers_fixed_s(64) +
                          3.0 * 64 * 4'096 * layer.attn1_per_kv_token_s() + layer.head_s(64) + 5e-3;
  EXPECT_NEAR(price_s(pricer, load) / expected, 1.0, 1e-5);
}

TEST(DecodePricer, WithoutPhaseBarriersNeverSlower) {
  model::DecodeLayout graph;
  graph.phase_barriers = false;
  const DecodePricer with({{}, {}, {}, {}});
  const DecodePricer without({{}, {}, graph, {}});
  base::Stream stream(base::StreamFamily(3, "test.decode"), 0);
  for (int trial = 0; trial < 100; ++trial) {
    const Load load = random_load(144, 128, stream);
    EXPECT_LE(price_s(without, load), price_s(with, load) + 1e-9);
  }
}

// MTP off: half the tokens, no draft module. 58 layers instead of 59, and every stage is smaller.
TEST(DecodePricer, WithoutDraftsTheStepIsShorter) {
  model::DecodeLayout plain;
  plain.draft_tokens = 0;
  const Load load = even_load(144, 100, 5'000);
  EXPECT_LT(price_s(DecodePricer({{}, {}, plain, {}}), load),
            price_s(DecodePricer({{}, {}, {}, {}}), load));
}

TEST(DecodePricer, MarksWhatIsOutOfRange) {
  const DecodePricer pricer({{}, {}, {}, {}});
  const Load usual = even_load(144, 100, 5'000);
  EXPECT_FALSE(pricer.price(usual.requests, usual.kv).out_of_range);
  const Load long_context = even_load(144, 10, 40'000);
  EXPECT_TRUE(pricer.price(long_context.requests, long_context.kv).out_of_range);
  model::DecodeLayout wide;
  wide.gpus = 320;
  wide.redundant_experts = 64;
  const Load load = even_load(320, 64, 5'000);
  EXPECT_TRUE(DecodePricer({{}, {}, wide, {}}).price(load.requests, load.kv).out_of_range);
}

// 2 x 72 x 144 requests route 20,736 tokens a micro-batch... the applied max / mean is that of the
// curve.
TEST(DecodePricer, ReportsTheImbalanceItApplied) {
  const model::ExpertImbalance imbalance = falling_imbalance(4.0);
  const DecodePricer pricer({{}, {}, {}, imbalance});
  const Load load = even_load(144, 100, 5'000);
  const double tokens = 144.0 * 50.0 * 2.0;
  EXPECT_NEAR(pricer.price(load.requests, load.kv).expert_imbalance,
              imbalance_at(imbalance, tokens), 1e-4);
}

TEST(DecodePricer, RefusesLoadsOfAnotherUnit) {
  const DecodePricer pricer({{}, {}, {}, {}});
  const Load small = even_load(143, 10, 1'000);
  EXPECT_THROW((void)pricer.price(small.requests, small.kv), base::InvariantBroken);
  const Load empty = even_load(144, 0, 0);
  EXPECT_THROW((void)pricer.price(empty.requests, empty.kv), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::timing
