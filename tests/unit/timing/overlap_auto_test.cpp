// `overlap: auto` is the faster of two micro-batches and one batch, in every step.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"
#include "epfleet/timing/step_anatomy.h"
#include "random_layouts.h"
#include "timing_parts.h"

namespace epfleet::timing {
namespace {

using base::TokenParts32;
using model::Overlap;

constexpr Overlap kBoth[] = {Overlap::DualBatch, Overlap::None};

hardware::HardwareProfile random_profile(base::Stream& stream) {
  hardware::HardwareProfile profile;
  if (flip(stream)) {
    profile.gemm_law = hardware::GemmLaw::Tiles;
    profile.mla_decode_law = hardware::MlaLaw::Schedule;
  }
  return profile;
}

// Counts how often either was the faster, so that the grid is known to hold both.
struct Taken {
  int halved = 0, whole = 0;
  void count(double halved_s, double whole_s) { ++(halved_s <= whole_s ? halved : whole); }
};

TEST(OverlapAuto, DecodeTakesTheFasterInEveryStep) {
  base::Stream stream(base::StreamFamily(5, "test.auto"), 0);
  Taken taken;
  for (int trial = 0; trial < 12; ++trial) {
    model::DecodeLayout layout = random_decode_layout(stream);
    layout.gpus = 8 * between(stream, 2, 12);
    layout.redundant_experts = model::filling_redundancy({}, layout.gpus);
    layout.max_requests_per_gpu = 64;
    layout.phase_barriers = flip(stream);
    const DecodeLayer layer(random_profile(stream), {}, layout, falling_imbalance(3.0));
    const DecodePricer automatic(layer.as(Overlap::Auto));
    const DecodePricer of[] = {DecodePricer(layer.as(kBoth[0])), DecodePricer(layer.as(kBoth[1]))};
    const auto gpus = static_cast<std::size_t>(layout.gpus);
    for (const std::int32_t most : {1, 2, 7, 16, 33, 64, 90}) {  // 90: beyond the tables
      for (const std::int32_t context : {16, 700, 4'096, 30'000}) {
        std::vector<std::int32_t> requests;
        std::vector<TokenParts32> kv;
        for (std::size_t g = 0; g < gpus; ++g) {
          requests.push_back(static_cast<std::int32_t>(between(stream, most / 2, most)));
          kv.push_back(TokenParts32::from_tokens(requests.back() * context));
        }
        requests[0] = most;
        const auto halved = of[0].price(requests, kv), whole = of[1].price(requests, kv);
        const auto chosen = automatic.price(requests, kv);
        ASSERT_EQ(chosen.duration, std::min(halved.duration, whole.duration)) << most << context;
        const StepPrice& other = halved.duration <= whole.duration ? halved : whole;
        EXPECT_EQ(chosen.expert_imbalance, other.expert_imbalance);
        EXPECT_EQ(chosen.out_of_range, other.out_of_range);
        taken.count(base::to_seconds(halved.duration), base::to_seconds(whole.duration));
      }
    }
  }
  EXPECT_GT(taken.halved, 40);
  EXPECT_GT(taken.whole, 40);
}

// Two requests on every GPU: 33.3 ms in halves, 25.2 ms undivided.
TEST(OverlapAuto, TwoRequestsAGpuAreNotHalved) {
  model::DecodeLayout layout;
  layout.overlap = Overlap::Auto;
  const StepAnatomy step = decode_anatomy({{}, {}, layout, {}}, 2, 2 * 4'096);
  EXPECT_FALSE(step.dual_batch);
  ASSERT_TRUE(step.other_way_s.has_value());
  EXPECT_LT(step.step_s, 0.8 * *step.other_way_s);
  const StepAnatomy full = decode_anatomy({{}, {}, layout, {}}, 128, 128 * 4'096);
  EXPECT_TRUE(full.dual_batch);
  EXPECT_GT(*full.other_way_s, full.step_s);
}

// Sticky members: what stays in its half may be left undivided for a step all the same.
TEST(OverlapAuto, GivenHalvesTakeTheFasterToo) {
  const DecodeLayer layer({}, {}, {}, falling_imbalance(3.0));
  const DecodePricer automatic(layer.as(Overlap::Auto)), halved(layer),
      whole(layer.as(Overlap::None));
  base::Stream stream(base::StreamFamily(6, "test.auto"), 0);
  Taken taken;
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<std::int32_t> requests[2];
    std::vector<TokenParts32> kv[2];
    std::vector<std::int32_t> all;
    std::vector<TokenParts32> all_kv;
    for (int g = 0; g < 144; ++g) {
      for (int half = 0; half < 2; ++half) {
        requests[half].push_back(static_cast<std::int32_t>(between(stream, 0, 1 + trial)));
        kv[half].push_back(TokenParts32::from_tokens(requests[half].back() * 3'000));
      }
      all.push_back(requests[0].back() + requests[1].back());
      all_kv.push_back(kv[0].back() + kv[1].back());
    }
    const UnitHalves halves{{{requests[0], kv[0]}, {requests[1], kv[1]}}};
    const auto a = halved.price_halves(halves).duration, b = whole.price(all, all_kv).duration;
    EXPECT_EQ(automatic.price_halves(halves).duration, std::min(a, b));
    taken.count(base::to_seconds(a), base::to_seconds(b));
  }
  EXPECT_GT(taken.halved, 5);
  EXPECT_GT(taken.whole, 5);
}

TEST(OverlapAuto, PrefillTakesTheFasterInEveryStep) {
  base::Stream stream(base::StreamFamily(7, "test.auto"), 0);
  Taken taken;
  for (int trial = 0; trial < 8; ++trial) {
    model::PrefillLayout layout = random_prefill_layout(stream);
    layout.phase_barriers = flip(stream);
    const PrefillLayer layer({}, {}, layout, falling_imbalance(3.0));
    const PrefillPricer automatic(layer.as(Overlap::Auto)), halved(layer),
        whole(layer.as(Overlap::None));
    for (const std::int32_t most : {1, 64, 500, 2'000, 8'000, 16'384}) {
      for (const std::int32_t prefix : {0, 3'000, 100'000}) {
        std::vector<PrefillLoad> loads;
        for (std::int64_t g = 0; g < layout.gpus; ++g) {
          const auto tokens = static_cast<std::int32_t>(between(stream, most / 2, most));
          loads.push_back({tokens, prefix, 1, tokens * (prefix + tokens / 2.0)});
        }
        loads[0].tokens = most;
        const auto a = halved.price(loads).duration, b = whole.price(loads).duration;
        ASSERT_EQ(automatic.price(loads).duration, std::min(a, b)) << most << " after " << prefix;
        taken.count(base::to_seconds(a), base::to_seconds(b));
      }
    }
  }
  EXPECT_GT(taken.halved, 20);
  EXPECT_GT(taken.whole, 20);
}

}  // namespace
}  // namespace epfleet::timing
