#include "epfleet/model/layout.h"

#include <gtest/gtest.h>

#include "epfleet/base/error.h"

namespace epfleet::model {
namespace {

using base::Bytes;

constexpr Bytes kH800{84'943'110'144};
constexpr Bytes kRuntime{6'000'000'000};

double gb(Bytes bytes) { return static_cast<double>(bytes.count()) * 1e-9; }

DecodeLayout decode(std::int64_t gpus, std::int64_t redundant) {
  DecodeLayout layout;
  layout.gpus = gpus;
  layout.redundant_experts = redundant;
  return layout;
}

PrefillLayout prefill(std::int64_t gpus, std::int64_t redundant) {
  PrefillLayout layout;
  layout.gpus = gpus;
  layout.redundant_experts = redundant;
  return layout;
}

template <class Layout>
MemoryPlan plan(const Layout& layout) {
  return memory_plan(Model{}, layout, kH800, kRuntime);
}

// Table of weights per GPU: routed + shared 58 x (slots + 1) x 44.04 M, MLA 11.41, dense 1.19,
// router 0.21, embedding and head 3.71, MTP layer 0.53-0.84 GB.
TEST(Layout, WeightsPerGpu) {
  EXPECT_NEAR(gb(plan(prefill(32, 32)).weights), 42.9, 0.05);
  EXPECT_NEAR(gb(plan(decode(144, 32)).weights), 24.7, 0.05);
  EXPECT_NEAR(gb(plan(decode(72, 32)).weights), 29.9, 0.05);
}

// Without drafts there is no MTP layer: 3 x 44.04 + 187.1 M FP8 and 2 x (1.835 + 102.76) M BF16
// less.
TEST(Layout, NoDraftNoMtpWeights) {
  DecodeLayout layout = decode(144, 32);
  const double with = gb(plan(layout).weights);
  layout.draft_tokens = 0;
  EXPECT_NEAR(with - gb(plan(layout).weights), 0.5284, 0.0005);
}

// 59 layers x (slots + 1) x 44.04 M weights of experts take one byte more each, and no scales (1 /
// 4096 of their bytes): EP144 7.795 GB more, EP32 25.98 GB more.
TEST(Layout, ExpertsInBf16) {
  DecodeLayout wide_decode = decode(144, 32);
  PrefillLayout wide_prefill = prefill(32, 32);
  wide_decode.expert_precision = wide_prefill.expert_precision = ExpertPrecision::Bf16;
  const auto experts = [](double slots) { return 59.0 * (slots + 1.0) * 44.040192e6; };
  const double scales = 1.0 / 4096.0;
  EXPECT_NEAR(gb(plan(wide_decode).weights) - gb(plan(decode(144, 32)).weights),
              experts(2) * (1.0 - scales) * 1e-9, 1e-6);
  EXPECT_NEAR(gb(plan(wide_prefill).weights) - gb(plan(prefill(32, 32)).weights),
              experts(9) * (1.0 - scales) * 1e-9, 1e-6);
}

// In BF16 a decode unit of EP16 no longer fits an H800, one of EP32 does.
TEST(Layout, SmallestUnitOfAnH800InBf16) {
  DecodeLayout small = decode(16, 0);
  small.expert_precision = ExpertPrecision::Bf16;
  EXPECT_EQ(plan(small).kv_capacity_tokens(), 0);
  DecodeLayout larger = decode(32, 0);
  larger.expert_precision = ExpertPrecision::Bf16;
  EXPECT_GT(plan(larger).kv_capacity_tokens(), 0);
}

// 4 x 288 x 128 x (2 x 7168 + 224) = 2,146,959,360 bytes; without micro-batches twice the tokens.
TEST(Layout, LowLatencyBuffer) {
  DecodeLayout layout = decode(144, 32);
  EXPECT_EQ(plan(layout).buffer.count(), 2'146'959'360);
  layout.overlap = Overlap::None;
  EXPECT_EQ(plan(layout).buffer.count(), 2 * 2'146'959'360LL);
  EXPECT_EQ(plan(prefill(32, 32)).buffer.count(), 0);
}

// (84.94 - 24.72 - 2.15 - 4..8) GB / 71,424 B = 701..757 k tokens.
TEST(Layout, KvCapacityOfAPublishedDecodeGpu) {
  const auto capacity = [&](std::int64_t runtime) {
    const MemoryPlan published = memory_plan(Model{}, decode(144, 32), kH800, Bytes(runtime));
    return static_cast<double>(published.kv_capacity_tokens());
  };
  EXPECT_NEAR(capacity(4'000'000'000), 757e3, 2e3);
  EXPECT_NEAR(capacity(8'000'000'000), 701e3, 2e3);
}

// 10 bytes left and 3 per token: 3 whole tokens; nothing left, or less: none.
TEST(Layout, KvCapacityRoundsDownAndMayBeNone) {
  MemoryPlan some{Bytes(100), Bytes(60), Bytes(20), Bytes(10), 3};
  EXPECT_EQ(some.kv_capacity_tokens(), 3);
  some.memory = Bytes(90);
  EXPECT_EQ(some.kv_capacity_tokens(), 0);
  some.memory = Bytes(50);
  EXPECT_EQ(some.kv_capacity_tokens(), 0);
}

// The smallest count >= 32 with (256 + r) % gpus == 0: 288, 320, 288 and 320 slots.
TEST(Layout, AutomaticRedundancy) {
  const Model m;
  EXPECT_EQ(filling_redundancy(m, 144), 32);
  EXPECT_EQ(filling_redundancy(m, 320), 64);
  EXPECT_EQ(filling_redundancy(m, 32), 32);
  EXPECT_EQ(filling_redundancy(m, 64), 64);
  EXPECT_EQ(filling_redundancy(m, 144, 33), 176);
}

// EP8: 36 + 1 experts a GPU are 58 x 37 x 44.04 M = 94.5 GB, more than the memory.
TEST(Layout, AutomaticRedundancyMayLeaveNoRoomForKv) {
  EXPECT_EQ(plan(decode(8, filling_redundancy(Model{}, 8))).kv_capacity_tokens(), 0);
}

TEST(Layout, CopiesThatDoNotFillTheGpusAreRefused) {
  EXPECT_THROW((void)plan(decode(144, 31)), base::InvariantBroken);
  EXPECT_THROW((void)plan(decode(144, -112)), base::InvariantBroken);
  EXPECT_THROW((void)plan(decode(0, 0)), base::InvariantBroken);
}

// EP16 without redundancy is the smallest decode unit that an H800 holds.
TEST(Layout, SmallestUnitOfAnH800) {
  EXPECT_GT(plan(decode(16, 0)).kv_capacity_tokens(), 0);
  EXPECT_EQ(plan(decode(8, 0)).kv_capacity_tokens(), 0);
  EXPECT_EQ(plan(prefill(8, 0)).kv_capacity_tokens(), 0);
}

// 2 x 128 / (1 + drafts).
TEST(Layout, AutomaticRequestCap) {
  EXPECT_EQ(auto_max_requests(0), 256);
  EXPECT_EQ(auto_max_requests(1), 128);
  EXPECT_EQ(auto_max_requests(3), 64);
}

}  // namespace
}  // namespace epfleet::model
