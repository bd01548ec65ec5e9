#include "epfleet/timing/fp8_gemm.h"

#include <gtest/gtest.h>

#include <vector>

#include "timing_parts.h"

namespace epfleet::timing {
namespace {

// Fixed 1 us, 1 TB/s, 132 SMs x 1 TFLOPS, no epilogue; a step is only its multiply-adds; memory and
// arithmetic overlap completely.
hardware::HardwareProfile plain_tiles() {
  hardware::HardwareProfile p;
  p.gemm_law = hardware::GemmLaw::Tiles;
  p.dense_gemm_fixed = base::Duration(1'000);
  p.dense_gemm_bandwidth = base::BytesPerSecond(1e12);
  p.fp8_gemm_rate = base::FlopsPerSecond(132e12);
  p.gemm_epilogue_bandwidth = base::BytesPerSecond(1e24);
  p.gemm_step_fixed = p.gemm_step_per_64_rows = p.gemm_step_least = base::Duration(0);
  p.gemm_load_latency = p.gemm_ragged_64_rows = base::Duration(0);
  p.gemm_odd_width = p.gemm_sm_contention = 0.0;
  p.gemm_overlap_power = 100.0;
  return p;
}

// 4096 x 7168: at m = 64 tiles of 64 x 32 (128 of them, one wave); at 4096 of 256 x 128 (512: three
// full waves and one of 116).
TEST(GemmTiling, SmallAndLarge) {
  const GemmTiling small = choose_tiling(GemmLayout::Dense, 64, 4'096, 7'168, 1, 132);
  EXPECT_EQ(small.rows, 64);
  EXPECT_EQ(small.cols, 32);
  const GemmTiling large = choose_tiling(GemmLayout::Dense, 4'096, 4'096, 7'168, 1, 132);
  EXPECT_EQ(large.rows, 256);
  EXPECT_EQ(large.cols, 128);
}

// One wave of 128 tiles: 56 steps of 2 x 64 x 32 x 128 flops at 1 TFLOPS per SM = 29.36 us; the
// 29.88 MB take 29.88 us: memory decides, 1 + 29.884 us.
TEST(Fp8Gemm, AWaveIsBoundByMemoryOrByItsTiles) {
  const Fp8Gemm gemm(plain_tiles(), 132, Clock::Cool);
  const double bytes = 64.0 * 7'168 + 4'096.0 * 7'168 + 2.0 * 64 * 4'096;
  EXPECT_NEAR(gemm.dense(64, 4'096, 7'168), kUs + bytes / 1e12, 0.3 * kUs);
  // arithmetic: four waves (512 tiles) x 56 steps x 2 x 256 x 128 x 128 flops at 1 TFLOPS
  EXPECT_NEAR(gemm.dense(4'096, 4'096, 7'168), kUs + 4 * 56 * 8.388608 * kUs, 0.1 * kUs);
}

// A group of one row costs as much arithmetic as one of 64; a second row of tiles is one more wave.
TEST(Fp8Gemm, MaskedGroupsAreWholeTiles) {
  hardware::HardwareProfile p = plain_tiles();
  p.dense_gemm_bandwidth = base::BytesPerSecond(1e18);
  const Fp8Gemm gemm(p, 132, Clock::Cool);
  const auto at = [&](std::vector<std::int64_t> rows) {
    return gemm.masked_groups(rows, 64, 4'096, 7'168);
  };
  EXPECT_DOUBLE_EQ(at({1, 1}), at({64, 64}));
  EXPECT_DOUBLE_EQ(at({64, 64}), gemm.masked(128, 2, 4'096, 7'168));
  EXPECT_NEAR((at({65, 65}) - kUs) / (at({64, 64}) - kUs), 2.0, 1e-9);
}

// The same products of 108 SMs: more waves, never faster; and at the sustained clock.
TEST(Fp8Gemm, FewerSmsAndASlowerClockAreNeverFaster) {
  hardware::HardwareProfile p;
  p.gemm_law = hardware::GemmLaw::Tiles;
  p.fp8_gemm_rate = base::FlopsPerSecond(1.8e15);
  p.gemm_epilogue_bandwidth = base::BytesPerSecond(6e12);
  const Fp8Gemm all(p, 132, Clock::Cool);
  const Fp8Gemm hot(p, 132, Clock::Sustained);
  const Fp8Gemm some(p, 108, Clock::Cool);
  for (const double m : {1.0, 64.0, 72.0, 320.0, 1'024.0, 8'192.0}) {
    EXPECT_LE(all.dense(m, 7'168, 16'384), hot.dense(m, 7'168, 16'384)) << m;
    if (m >= 1'024) {
      EXPECT_LE(all.dense(m, 7'168, 16'384), some.dense(m, 7'168, 16'384)) << m;
    }
  }
}

TEST(Fp8Gemm, NoRowsTakeNoTime) {
  for (const auto law : {hardware::GemmLaw::Roofline, hardware::GemmLaw::Tiles}) {
    hardware::HardwareProfile p;
    p.gemm_law = law;
    const Fp8Gemm gemm(p, 132, Clock::Cool);
    EXPECT_EQ(gemm.dense(0, 4'096, 7'168), 0.0);
    EXPECT_EQ(gemm.masked(0, 0, 4'096, 7'168), 0.0);
    EXPECT_EQ(gemm.contiguous(0, 0, 4'096, 7'168), 0.0);
    EXPECT_EQ(gemm.masked_groups(std::vector<std::int64_t>{0, 0}, 4, 4'096, 7'168), 0.0);
  }
}

// DeepGEMM of June 2026 takes tiles by traffic: 384 rows of Kimi-K2's o_proj are three tiles of 128
// rows and not one and a half of 256. It was measured at 37.2 us, 59 us with 512 rows.
TEST(Fp8Gemm, TheRuleOf2026FitsTilesToTheRows) {
  const auto tiling = [](hardware::GemmTiles rule) {
    return choose_tiling(GemmLayout::Dense, 384, 7168, 8192, 1, 132, rule);
  };
  EXPECT_EQ(tiling(hardware::GemmTiles::Waves).rows, 256);
  EXPECT_EQ(tiling(hardware::GemmTiles::Cycles).rows, 128);
  EXPECT_EQ(tiling(hardware::GemmTiles::Cycles).cols, 192);
  hardware::HardwareProfile p;
  p.gemm_law = hardware::GemmLaw::Tiles;
  p.fp8_gemm_rate = base::FlopsPerSecond(1'776e12);  // as on the H100, inside a tile
  const double waves = Fp8Gemm(p, 132, Clock::Cool).dense(384, 7168, 8192);
  p.gemm_tiles = hardware::GemmTiles::Cycles;
  const double cycles = Fp8Gemm(p, 132, Clock::Cool).dense(384, 7168, 8192);
  EXPECT_GT(waves, 1.5 * cycles);
  EXPECT_NEAR(cycles, 37.2e-6, 6e-6);
}

// 128, 300 and 1 rows are 1, 3 and 1 tiles high, whatever their mean.
TEST(Fp8Gemm, GroupsOfAContiguousProductArePaddedOneByOne) {
  hardware::HardwareProfile p;
  p.gemm_law = hardware::GemmLaw::Tiles;
  const Fp8Gemm gemm(p, 132, Clock::Cool);
  const std::vector<std::int64_t> uneven{128, 300, 1};
  const std::vector<std::int64_t> even{256, 256, 256};
  EXPECT_LT(gemm.contiguous_groups(uneven, 4096, 7168), gemm.contiguous_groups(even, 4096, 7168));
  EXPECT_EQ(gemm.contiguous_groups(even, 4096, 7168), gemm.contiguous(768, 3, 4096, 7168));
  const std::vector<std::int64_t> none{0, 0};
  EXPECT_EQ(gemm.contiguous_groups(none, 4096, 7168), 0.0);
}

}  // namespace
}  // namespace epfleet::timing
