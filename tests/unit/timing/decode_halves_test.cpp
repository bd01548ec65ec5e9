// Steps whose micro-batches are given, GPU by GPU, instead of being even halves.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/decode_pricer.h"
#include "timing_parts.h"

namespace epfleet::timing {
namespace {

using base::TokenParts32;

constexpr std::size_t kGpus = 144;

struct Half {
  std::vector<std::int32_t> requests = std::vector<std::int32_t>(kGpus, 0);
  std::vector<TokenParts32> kv = std::vector<TokenParts32>(kGpus);
};
using Halves = std::array<Half, 2>;

UnitHalves view(const Halves& halves) {
  return {{{halves[0].requests, halves[0].kv}, {halves[1].requests, halves[1].kv}}};
}

// Both halves together, as price() takes them.
Half whole(const Halves& halves) {
  Half sum;
  for (std::size_t g = 0; g < kGpus; ++g) {
    sum.requests[g] = halves[0].requests[g] + halves[1].requests[g];
    sum.kv[g] = halves[0].kv[g] + halves[1].kv[g];
  }
  return sum;
}

Halves random_halves(std::int32_t most, base::Stream& stream) {
  Halves halves;
  for (Half& half : halves) {
    for (std::size_t g = 0; g < kGpus; ++g) {
      half.requests[g] = static_cast<std::int32_t>(stream.uniform() * (most + 1));
      half.kv[g] = TokenParts32::round_down(half.requests[g] * 10'000.0 * stream.uniform());
    }
  }
  halves[1].requests[3] = std::max(halves[1].requests[3], 1);
  return halves;
}

std::vector<model::DecodeLayout> overlapping_layouts() {
  model::DecodeLayout graph;
  graph.phase_barriers = false;
  return {{}, graph};
}

// Half the requests and half of an even KV are what price() forms of an even number: the same to
// the nanosecond, also beyond the tables (cap 128).
TEST(DecodeHalves, EvenHalvesCostExactlyWhatReformingCosts) {
  base::Stream stream(base::StreamFamily(1, "test.halves"), 0);
  for (const model::DecodeLayout& layout : overlapping_layouts()) {
    const DecodePricer pricer({{}, {}, layout, falling_imbalance(4.0)});
    for (const std::int32_t most : {1, 9, 64, 90}) {
      for (int trial = 0; trial < 25; ++trial) {
        Halves halves = random_halves(most, stream);
        for (std::size_t g = 0; g < kGpus; ++g) {
          halves[0].requests[g] = halves[1].requests[g];
          halves[0].kv[g] = halves[1].kv[g];
        }
        const Half all = whole(halves);
        const StepPrice reformed = pricer.price(all.requests, all.kv);
        const StepPrice given = pricer.price_halves(view(halves));
        EXPECT_EQ(given.duration, reformed.duration) << most << " " << trial;
        EXPECT_EQ(given.expert_imbalance, reformed.expert_imbalance);
        EXPECT_EQ(given.out_of_range, reformed.out_of_range);
      }
    }
  }
}

// sum over i of max(max_g (SHARED(i) + ATTN0(1-i) + SM time of DISPATCH(i)), DISPATCH(i)) + MLP(i)
// + max(max_g (ATTN1(1-i) + SM time of COMBINE(i)), COMBINE(i)), in double precision without
// tables; dense layers and head see the whole batch.
double reference_s(const DecodeLayer& layer, const Halves& halves) {
  std::array<double, 2> unit{}, fullest{}, beside_dispatch{}, beside_combine{};
  double dense = 0.0, head = 0.0;
  const double per_token = layer.attn1_per_kv_token_s();
  for (std::size_t g = 0; g < kGpus; ++g) {
    double n = 0.0, kv = 0.0;
    for (std::size_t i = 0; i < 2; ++i) {
      const double own = halves[i].requests[g];
      const double other = halves[1 - i].requests[g];
      const double own_kv = halves[i].kv[g].tokens();
      n += own;
      kv += own_kv;
      unit[i] += own;
      fullest[i] = std::max(fullest[i], own);
      beside_dispatch[i] =
          std::max(beside_dispatch[i], layer.shared(own).total() + layer.dispatch_on_sms_s(own) +
                                           layer.attn0(other).total());
      beside_combine[1 - i] =
          std::max(beside_combine[1 - i],
                   layer.attn1_fixed_s(own) + own_kv * per_token + layer.combine_on_sms_s(other));
    }
    const double layers = static_cast<double>(layer.model().dense_layers);
    dense = std::max(dense, layer.dense_layers_fixed_s(n) + layers * kv * per_token);
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

// Tables hold floats and curves are interpolated: 1e-4 covers both. 100 requests in a half are
// beyond its table, which ends at 64.
TEST(DecodeHalves, EqualTheDefinitionOnUnevenHalves) {
  base::Stream stream(base::StreamFamily(2, "test.halves"), 0);
  for (const auto& imbalance : {model::ExpertImbalance{}, falling_imbalance(4.0)}) {
    const DecodePricer pricer({{}, {}, {}, imbalance});
    const DecodeLayer layer({}, {}, {}, imbalance);
    for (const std::int32_t most : {17, 60, 100}) {
      for (int trial = 0; trial < 20; ++trial) {
        const Halves halves = random_halves(most, stream);
        EXPECT_NEAR(seconds(pricer.price_halves(view(halves))) / reference_s(layer, halves), 1.0,
                    1e-4)
            << most;
      }
    }
  }
}

// A request's KV goes with it: of five requests of 1,000 tokens three are in one half.
TEST(DecodeHalves, AnOddRequestTakesItsKvAlong) {
  const DecodePricer pricer({{}, {}, {}, {}});
  Halves halves;
  std::fill(halves[0].requests.begin(), halves[0].requests.end(), 3);
  std::fill(halves[1].requests.begin(), halves[1].requests.end(), 2);
  std::fill(halves[0].kv.begin(), halves[0].kv.end(), TokenParts32::from_tokens(3'000));
  std::fill(halves[1].kv.begin(), halves[1].kv.end(), TokenParts32::from_tokens(2'000));
  const Half all = whole(halves);
  EXPECT_NEAR(seconds(pricer.price_halves(view(halves))),
              seconds(pricer.price(all.requests, all.kv)), 2e-9);
}

// The formula is symmetric: what is called half 0 does not matter.
TEST(DecodeHalves, ExchangingTheHalvesChangesNothing) {
  base::Stream stream(base::StreamFamily(3, "test.halves"), 0);
  for (const model::DecodeLayout& layout : overlapping_layouts()) {
    const DecodePricer pricer({{}, {}, layout, falling_imbalance(4.0)});
    for (int trial = 0; trial < 50; ++trial) {
      const Halves halves = random_halves(40, stream);
      const StepPrice price = pricer.price_halves(view(halves));
      const StepPrice exchanged = pricer.price_halves(view({halves[1], halves[0]}));
      EXPECT_EQ(price.duration, exchanged.duration);
      EXPECT_EQ(price.expert_imbalance, exchanged.expert_imbalance);
    }
  }
}

// Every GPU has 100 requests of 9,000 tokens. GPU 5 holds 50,000 tokens more in half 0 than in an
// even split, GPU 6 as many more in half 1. Reformed, nothing is uneven; kept, ATTN1 of both
// micro-batches waits for 50,000 tokens more: 2 x 50,000 x slope in each of 59 layers.
TEST(DecodeHalves, UnevenHalvesOfEvenGpusAreSlowerThanReforming) {
  constexpr auto kMore = TokenParts32::from_tokens(50'000);
  Halves halves;
  for (Half& half : halves) {
    std::fill(half.requests.begin(), half.requests.end(), 50);
    std::fill(half.kv.begin(), half.kv.end(), TokenParts32::from_tokens(450'000));
  }
  halves[0].kv[5] += kMore;
  halves[1].kv[5] -= kMore;
  halves[1].kv[6] += kMore;
  halves[0].kv[6] -= kMore;
  const DecodePricer pricer({{}, {}, {}, {}});
  const DecodeLayer layer({}, {}, {}, {});
  const Half all = whole(halves);
  const double reformed_s = seconds(pricer.price(all.requests, all.kv));
  const double expected_s = 59.0 * 2.0 * 50'000.0 * layer.attn1_per_kv_token_s();
  EXPECT_GT(expected_s, 1e-3);
  EXPECT_NEAR(seconds(pricer.price_halves(view(halves))) - reformed_s, expected_s, 1e-6);
}

// All that is left of a unit may be in one half: the other is empty, and the reported imbalance is
// that of the 144 x 20 x 2 tokens in the full one.
TEST(DecodeHalves, OneHalfMayBeEmpty) {
  const model::ExpertImbalance imbalance = falling_imbalance(4.0);
  const DecodePricer pricer({{}, {}, {}, imbalance});
  const DecodeLayer layer({}, {}, {}, imbalance);
  Halves halves;
  std::fill(halves[1].requests.begin(), halves[1].requests.end(), 20);
  std::fill(halves[1].kv.begin(), halves[1].kv.end(), TokenParts32::from_tokens(20 * 3'000));
  const StepPrice price = pricer.price_halves(view(halves));
  EXPECT_NEAR(seconds(price) / reference_s(layer, halves), 1.0, 1e-4);
  EXPECT_NEAR(price.expert_imbalance, imbalance_at(imbalance, 144.0 * 20.0 * 2.0), 1e-4);
}

// 129 requests x 2 tokens in one half > 256, though 130 in all would be 65 x 2.
TEST(DecodeHalves, ALongHalfIsOutOfRange) {
  const DecodePricer pricer({{}, {}, {}, {}});
  Halves halves;
  halves[1].requests[7] = 129;
  halves[1].kv[7] = TokenParts32::from_tokens(129 * 1'000);
  halves[0].requests[7] = 1;
  halves[0].kv[7] = TokenParts32::from_tokens(1'000);
  const Half all = whole(halves);
  EXPECT_TRUE(pricer.price_halves(view(halves)).out_of_range);
  EXPECT_FALSE(pricer.price(all.requests, all.kv).out_of_range);
}

TEST(DecodeHalves, RefusesLoadsOfAnotherUnitAndUnitsOfOneBatch) {
  const DecodePricer pricer({{}, {}, {}, {}});
  const Halves empty;
  EXPECT_THROW((void)pricer.price_halves(view(empty)), base::InvariantBroken);
  Halves halves;
  halves[0].requests[0] = 1;
  model::DecodeLayout single;
  single.overlap = model::Overlap::None;
  EXPECT_THROW((void)DecodePricer({{}, {}, single, {}}).price_halves(view(halves)),
               base::InvariantBroken);
  halves[1].requests.pop_back();
  EXPECT_THROW((void)pricer.price_halves(view(halves)), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::timing
