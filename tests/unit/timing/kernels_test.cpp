#include "epfleet/timing/kernels.h"

#include <gtest/gtest.h>

#include "timing_parts.h"

namespace epfleet::timing {
namespace {

// A profile of round numbers: 100 SMs, 1 us fixed, 1 TB/s, 100 TFLOPS.
hardware::HardwareProfile round_profile() {
  using namespace hardware;
  HardwareProfile p;
  p.sms = 100;
  p.dense_gemm_fixed = p.masked_gemm_fixed = p.contiguous_gemm_fixed = Duration(1'000);
  p.bf16_gemm_fixed = p.gate_gemm_fixed = p.mla_decode_fixed = Duration(1'000);
  p.prefill_attention_fixed = p.norm_fixed = p.elementwise_fixed = Duration(1'000);
  p.dense_gemm_bandwidth = p.masked_gemm_bandwidth = BytesPerSecond(1e12);
  p.contiguous_gemm_bandwidth = p.bf16_gemm_bandwidth = BytesPerSecond(1e12);
  p.mla_decode_bandwidth = p.elementwise_bandwidth = BytesPerSecond(1e12);
  p.gemm_epilogue_bandwidth = BytesPerSecond(1e12);
  p.fp8_gemm_rate = p.masked_gemm_rate = p.bf16_gemm_rate = FlopsPerSecond(100e12);
  p.mla_decode_rate = p.prefill_attention_rate = FlopsPerSecond(100e12);
  p.prefill_attention_tile = Duration(100);
  p.sustained_gemm_factor = 0.5;
  p.sustained_decode_attention_factor = 0.5;
  p.sustained_prefill_attention_factor = 0.5;
  return p;
}

// m = 1, n = k = 1000: bytes 1000 + 1e6 + 2000 = 1.003 MB at 1 TB/s = 1.003 us, flops 0.02 us.
TEST(Kernels, SmallDenseGemmIsBoundByItsWeights) {
  const Kernels kernels(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(kernels.fp8().dense(1, 1000, 1000), (1.0 + 1.003) * kUs, 1e-12);
}

// m = 1000: flops 2e9 / 100 T = 20 us, output 2 MB / 1 TB/s = 2 us, not hidden; bytes 4 MB = 4 us.
TEST(Kernels, LargeDenseGemmIsBoundByArithmeticAndItsEpilogue) {
  const Kernels cool(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(cool.fp8().dense(1000, 1000, 1000), (1.0 + 20.0 + 2.0) * kUs, 1e-12);
  // sustained at half the clock: 40 us; the epilogue is memory's
  const Kernels hot(round_profile(), 100, Clock::Sustained);
  EXPECT_NEAR(hot.fp8().dense(1000, 1000, 1000), (1.0 + 40.0 + 2.0) * kUs, 1e-12);
  // on half of the SMs: both arithmetic and epilogue take twice as long
  const Kernels half(round_profile(), 50, Clock::Cool);
  EXPECT_NEAR(half.fp8().dense(1000, 1000, 1000), (1.0 + 40.0 + 4.0) * kUs, 1e-12);
}

// Weights of active groups only: 2 x 1e6 B = 2 us against flops 2 x 10 x 1e6 / 100 T = 0.2 us.
TEST(Kernels, MaskedGemmReadsActiveGroups) {
  const Kernels kernels(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(kernels.fp8().masked(10, 2, 1000, 1000), 3.0 * kUs, 1e-12);
  EXPECT_NEAR(kernels.fp8().masked(1000, 2, 1000, 1000), 21.0 * kUs, 1e-12);
}

// Contiguous: bytes 10 x 1000 + 2e6 + 20,000 = 2.03 us.
TEST(Kernels, ContiguousGemmReadsActiveGroupsAndRows) {
  const Kernels kernels(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(kernels.fp8().contiguous(10, 2, 1000, 1000), (1.0 + 2.03) * kUs, 1e-12);
}

// Batch of 10: bytes 2 x 10 x (100 + 10,000 + 100) = 204,000 = 0.204 us.
TEST(Kernels, BatchedGemmMovesEveryBatch) {
  const Kernels kernels(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(kernels.bf16_batched_gemm(10, 1, 100, 100), 1.204 * kUs, 1e-12);
}

// Per KV token max(1152 B / 1 TB/s = 1.152 ns, s_q x 278,528 / 100 T = 2.785 ns).
TEST(Kernels, DecodeCoreTakesTheSlowerOfBytesAndArithmetic) {
  const model::Model m;
  hardware::HardwareProfile profile = round_profile();
  const Kernels kernels(profile, 100, Clock::Cool);
  EXPECT_NEAR(kernels.mla().mixed(m, 1, 1000, 1), (1.0 + 2.78528) * kUs, 1e-12);
  EXPECT_NEAR(kernels.mla().mixed(m, 1, 1000, 2), (1.0 + 5.57056) * kUs, 1e-12);
  profile.mla_decode_rate = hardware::FlopsPerSecond(1e15);
  EXPECT_NEAR(Kernels(profile, 100, Clock::Cool).mla().mixed(m, 1, 1000, 1), (1.0 + 1.152) * kUs,
              1e-12);
}

// 128 queries, 0 pairs: 128 x 64 pairs in vain x 81,920 / 100 T = 6.711 us; 128 heads are 128 tiles
// of 0.1 us over 100 SMs = 0.128 us.
TEST(Kernels, PrefillCoreCountsPairsTilesAndTheDiagonal) {
  const model::Model m;
  const Kernels kernels(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(kernels.prefill_attention(m, 128, 0), (1.0 + 6.7108864 + 0.128) * kUs, 1e-12);
  EXPECT_NEAR(kernels.prefill_attention(m, 128, 1000) - kernels.prefill_attention(m, 128, 0),
              0.8192 * kUs, 1e-12);
}

// 1000 tokens of width 1000: 8, 4, 3 and 5 bytes each.
TEST(Kernels, ElementwiseKernelsMoveTheirBytes) {
  const Kernels kernels(round_profile(), 100, Clock::Cool);
  EXPECT_NEAR(kernels.add_rmsnorm(1000, 1000), 9.0 * kUs, 1e-12);
  EXPECT_NEAR(kernels.norm(1000, 1000), 5.0 * kUs, 1e-12);
  EXPECT_NEAR(kernels.quantise(1000, 1000), 4.0 * kUs, 1e-12);
  EXPECT_NEAR(kernels.silu_quantise(1000, 1000), 6.0 * kUs, 1e-12);
}

TEST(Kernels, NothingToDoTakesNoTime) {
  const model::Model m;
  const Kernels kernels(hardware::HardwareProfile{}, 132, Clock::Sustained);
  EXPECT_EQ(kernels.fp8().dense(0, 4096, 7168), 0.0);
  EXPECT_EQ(kernels.bf16_gemm(0, 4096, 7168), 0.0);
  EXPECT_EQ(kernels.gate_gemm(0, 256, 7168), 0.0);
  EXPECT_EQ(kernels.fp8().masked(0, 0, 4096, 7168), 0.0);
  EXPECT_EQ(kernels.fp8().contiguous(0, 0, 4096, 7168), 0.0);
  EXPECT_EQ(kernels.mla().mixed(m, 1, 0, 2), 0.0);
  EXPECT_EQ(kernels.prefill_attention(m, 0, 0), 0.0);
  EXPECT_EQ(kernels.add_rmsnorm(0, 7168), 0.0);
  EXPECT_EQ(kernels.quantise(0, 7168), 0.0);
  EXPECT_EQ(kernels.topk(0, 256), 0.0);
  EXPECT_EQ(kernels.sampling(0, 129'280), 0.0);
}

// Inputs and outputs of a BF16 product may stay in L2; weights never do, and with 0 B all goes to
// memory.
TEST(Kernels, Bf16ProductsKeepTheirInputsInL2) {
  hardware::HardwareProfile p;
  const auto seconds = [&p](double m) {
    return Kernels(p, 132, Clock::Cool).bf16_batched_gemm(64, m, 128, 512);
  };
  const double memory = 2.0 * 64 * (256.0 * 512 + 128.0 * 512 + 256.0 * 128) / 2'830e9;
  EXPECT_NEAR(seconds(256), 2'000e-9 + memory, 1e-12);
  p.bf16_l2_memory = base::Bytes(10'000'000);
  const double weights = 2.0 * 64 * 128 * 512 / 2'830e9;
  EXPECT_LT(seconds(256), 2'000e-9 + memory);
  EXPECT_GT(seconds(256), 2'000e-9 + weights);
}

TEST(Kernels, NormsCostHalfInL2) {
  hardware::HardwareProfile p;
  const double all = Kernels(p, 132, Clock::Cool).add_rmsnorm(100, 7168);
  p.norm_l2_memory = base::Bytes(1'000'000'000);
  const double half = Kernels(p, 132, Clock::Cool).add_rmsnorm(100, 7168);
  EXPECT_NEAR(all - half, 4.0 * 100 * 7168 / 2'960e9, 1e-12);
}

}  // namespace
}  // namespace epfleet::timing
