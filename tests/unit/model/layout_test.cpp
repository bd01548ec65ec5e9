#include "epfleet/model/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epfleet::model {
namespace {

using base::Bytes;
using testing::HasSubstr;
using testing::Optional;

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

// Table of weights per GPU: routed + shared 58 x (slots + 1) x 44.04 M, MLA 11.41, dense 1.19,
// router 0.21, embedding and head 3.71, MTP layer 0.53-0.84 GB.
TEST(Layout, WeightsPerGpu) {
  const Model m;
  EXPECT_NEAR(gb(weights_bytes(m, prefill(32, 32))), 42.9, 0.05);
  EXPECT_NEAR(gb(weights_bytes(m, decode(144, 32))), 24.7, 0.05);
  EXPECT_NEAR(gb(weights_bytes(m, decode(72, 32))), 29.9, 0.05);
}

// A BF16 copy of kv_b adds 62 x 16.777 M x 2 bytes = 2.08 GB: 26.8.
TEST(Layout, KvUpProjectionAlsoInBf16) {
  DecodeLayout layout = decode(144, 32);
  layout.kv_b_in_bf16 = true;
  EXPECT_NEAR(gb(weights_bytes(Model{}, layout)), 26.8, 0.05);
}

// Without drafts there is no MTP layer: 3 x 44.04 + 187.1 M FP8 and 2 x (1.835 + 102.76) M BF16
// less.
TEST(Layout, NoDraftNoMtpWeights) {
  DecodeLayout layout = decode(144, 32);
  const double with = gb(weights_bytes(Model{}, layout));
  layout.draft_tokens = 0;
  EXPECT_NEAR(with - gb(weights_bytes(Model{}, layout)), 0.5284, 0.0005);
}

// 59 layers x (slots + 1) x 44.04 M weights of experts take one byte more each, and no scales (1 /
// 4096 of their bytes): EP144 7.795 GB more, EP32 25.98 GB more.
TEST(Layout, ExpertsInBf16) {
  DecodeLayout wide_decode = decode(144, 32);
  PrefillLayout wide_prefill = prefill(32, 32);
  wide_decode.expert_precision = wide_prefill.expert_precision = ExpertPrecision::Bf16;
  const Model m;
  const auto experts = [](double slots) { return 59.0 * (slots + 1.0) * 44.040192e6; };
  const double scales = 1.0 / 4096.0;
  EXPECT_NEAR(gb(weights_bytes(m, wide_decode)) - gb(weights_bytes(m, decode(144, 32))),
              experts(2) * (1.0 - scales) * 1e-9, 1e-6);
  EXPECT_NEAR(gb(weights_bytes(m, wide_prefill)) - gb(weights_bytes(m, prefill(32, 32))),
              experts(9) * (1.0 - scales) * 1e-9, 1e-6);
}

// In BF16 a decode unit of EP16 no longer fits an H800, one of EP32 does.
TEST(Layout, SmallestUnitOfAnH800InBf16) {
  DecodeLayout small = decode(16, 0);
  small.expert_precision = ExpertPrecision::Bf16;
  EXPECT_TRUE(problem(Model{}, small, kH800, kRuntime));
  DecodeLayout larger = decode(32, 0);
  larger.expert_precision = ExpertPrecision::Bf16;
  EXPECT_FALSE(problem(Model{}, larger, kH800, kRuntime));
}

// 4 x 288 x 128 x (2 x 7168 + 224) = 2,146,959,360 bytes; without micro-batches twice the tokens.
TEST(Layout, LowLatencyBuffer) {
  DecodeLayout layout = decode(144, 32);
  EXPECT_EQ(low_latency_buffer_bytes(Model{}, layout).count(), 2'146'959'360);
  layout.dual_batch = false;
  EXPECT_EQ(low_latency_buffer_bytes(Model{}, layout).count(), 2 * 2'146'959'360LL);
}

// (84.94 - 24.72 - 2.15 - 4..8) GB / 71,424 B = 701..757 k tokens.
TEST(Layout, KvCapacityOfAPublishedDecodeGpu) {
  const Model m;
  const DecodeLayout layout = decode(144, 32);
  const auto capacity = [&](std::int64_t runtime) {
    return kv_capacity_tokens(kH800, weights_bytes(m, layout), low_latency_buffer_bytes(m, layout),
                              Bytes(runtime), m.kv_bytes_per_token(true));
  };
  ASSERT_TRUE(capacity(4'000'000'000) && capacity(8'000'000'000));
  EXPECT_NEAR(static_cast<double>(capacity(4'000'000'000)->count()), 757e3, 2e3);
  EXPECT_NEAR(static_cast<double>(capacity(8'000'000'000)->count()), 701e3, 2e3);
}

// 10 bytes left and 3 per token: 3 whole tokens; nothing left: none.
TEST(Layout, KvCapacityRoundsDownAndMayBeNone) {
  const auto capacity = kv_capacity_tokens(Bytes(100), Bytes(60), Bytes(20), Bytes(10), 3);
  ASSERT_TRUE(capacity);
  EXPECT_EQ(capacity->count(), 3);
  EXPECT_FALSE(kv_capacity_tokens(Bytes(90), Bytes(60), Bytes(20), Bytes(10), 3));
}

// The smallest count >= 32 with (256 + r) % gpus == 0: 288, 320, 288 and 320 slots.
TEST(Layout, AutomaticRedundancy) {
  const Model m;
  EXPECT_THAT(auto_redundant_experts(m, decode(144, 32), kH800, kRuntime), Optional(32));
  EXPECT_THAT(auto_redundant_experts(m, decode(320, 0), kH800, kRuntime), Optional(64));
  EXPECT_THAT(auto_redundant_experts(m, prefill(32, 0), kH800, kRuntime), Optional(32));
  EXPECT_THAT(auto_redundant_experts(m, decode(64, 0), kH800, kRuntime), Optional(64));
}

// EP8: 36 + 1 experts a GPU are 58 x 37 x 44.04 M = 94.5 GB, more than the memory.
TEST(Layout, AutomaticRedundancyNeedsRoomForWeights) {
  EXPECT_FALSE(auto_redundant_experts(Model{}, decode(8, 0), kH800, kRuntime));
}

TEST(Layout, ProblemsAreSaidInWords) {
  const Model m;
  EXPECT_FALSE(problem(m, decode(144, 32), kH800, kRuntime));
  EXPECT_FALSE(problem(m, prefill(32, 32), kH800, kRuntime));
  EXPECT_THAT(problem(m, decode(140, 24), kH800, kRuntime),
              Optional(HasSubstr("140 GPUs are not whole nodes of 8")));
  EXPECT_THAT(problem(m, decode(144, 31), kH800, kRuntime),
              Optional(HasSubstr("256 + 31 redundant experts cannot be spread evenly")));
  EXPECT_THAT(problem(m, decode(144, -112), kH800, kRuntime), Optional(HasSubstr("-112")));
  EXPECT_THAT(problem(m, prefill(8, 0), kH800, kRuntime), Optional(HasSubstr("no room for KV")));
  EXPECT_TRUE(problem(m, decode(0, 0), kH800, kRuntime));
}

// EP16 without redundancy is the smallest unit that an H800 holds.
TEST(Layout, SmallestUnitOfAnH800) {
  EXPECT_FALSE(problem(Model{}, decode(16, 0), kH800, kRuntime));
  EXPECT_TRUE(problem(Model{}, decode(8, 0), kH800, kRuntime));
}

// 2 x 128 / (1 + drafts).
TEST(Layout, AutomaticRequestCap) {
  EXPECT_EQ(auto_max_requests(0), 256);
  EXPECT_EQ(auto_max_requests(1), 128);
  EXPECT_EQ(auto_max_requests(3), 64);
}

}  // namespace
}  // namespace epfleet::model
