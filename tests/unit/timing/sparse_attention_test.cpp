// Sparse attention's kernels: limits and lines that follow from the laws, and a measured row each
// (H100, cool clock; the default profile's constants).
#include "epfleet/timing/sparse_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "timing_parts.h"

namespace epfleet::timing {
namespace {

model::Model v32(std::int64_t heads = 128) {
  model::Model m;
  m.attention = model::AttentionKind::Sparse;
  m.heads = heads;
  return m;
}

SparseAttention on_h100(Clock clock = Clock::Cool) {
  return {hardware::HardwareProfile{}, 132, clock};
}

void expect_measured(double seconds, double us, double share) {
  EXPECT_NEAR(seconds / (us * kUs), 1.0, share) << us << " us measured";
}

TEST(SparseAttention, OneMeasuredRowOfEveryKernel) {
  const SparseAttention on = on_h100();
  expect_measured(on.decode(v32(), 128, 16'384, 1), 184.1, 0.03);
  expect_measured(on.decode(v32(64), 128, 16'384, 1), 117.4, 0.03);
  expect_measured(on.decode(v32(), 64, 16'384, 2), 183.7, 0.03);
  expect_measured(on.prefill(v32(), 4'096, 8'192, true), 3'445.3, 0.03);
  expect_measured(on.prefill(v32(64), 2'048, 67'584, true), 1'185.5, 0.03);
  expect_measured(on.prefill(v32(), 1'024, 1'024, false), 308.9, 0.05);
  expect_measured(on.indexer_prefill(v32(), 4'096, 32'768), 2'028.6, 0.02);
  expect_measured(on.indexer_decode(v32(), 128, 128 * 16'384, 1), 104.7, 0.03);
  expect_measured(on.topk_rows(v32(), 128, 32'768), 25.65, 0.05);
  expect_measured(on.rotate_queries(v32(), 1'024), 9.52, 0.05);
  expect_measured(on.store_kv(v32(), 128), 1.57, 0.10);
}

TEST(SparseAttention, DecodeDoesNotDependOnContextBeyondTheTopK) {
  const SparseAttention on = on_h100();
  const double full = on.decode(v32(), 64, 2'048, 1);
  EXPECT_EQ(on.decode(v32(), 64, 131'072, 1), full);
  const double half = on.decode(v32(), 64, 1'024, 1);  // padding is computed, a little faster
  EXPECT_LT(half, full);
  EXPECT_GT(half, 0.85 * full);
}

TEST(SparseAttention, PartsOfARequestAreALineBetweenWholeOnes) {
  const SparseAttention on = on_h100();
  const double mean = (on.decode(v32(), 66, 4'096, 1) + on.decode(v32(), 67, 4'096, 1)) / 2.0;
  EXPECT_NEAR(on.decode(v32(), 66.5, 4'096, 1), mean, 1e-12);
  EXPECT_EQ(on.decode(v32(), 0.0, 4'096, 1), 0.0);
  EXPECT_EQ(on.decode(v32(), 0.3, 4'096, 1), on.decode(v32(), 1.0, 4'096, 1));
}

// 128 requests of 128 heads over 66 parts: 128 x 37 / 66 -> 72 + 5 blocks, two requests a part;
// twice as many: four.
TEST(SparseAttention, DecodeGrowsByWholeRequestsOfAPart) {
  const hardware::HardwareProfile p;
  const double two_more = 2.0 * 32 * static_cast<double>(p.sparse_decode_block.count()) * 1e-9;
  const SparseAttention on = on_h100();
  EXPECT_NEAR(on.decode(v32(), 264, 4'096, 1) - on.decode(v32(), 132, 4'096, 1), two_more, 1e-12);
}

TEST(SparseAttention, PrefillIsALineForManyTokens) {
  const SparseAttention on = on_h100();
  for (const std::int64_t tokens : {8'192, 16'384}) {
    const auto real = static_cast<double>(tokens);
    EXPECT_NEAR(on.prefill_linear(v32(), real, 20'000) / on.prefill(v32(), tokens, 20'000, true),
                1.0, 0.01);
  }
  EXPECT_NEAR(on.prefill_linear(v32(), 9'000, 20'000) - on.prefill_linear(v32(), 5'000, 20'000),
              4'000 * on.prefill_per_token(v32(), 20'000), 1e-12);
  EXPECT_EQ(on.prefill_linear(v32(), 0.0, 20'000), 0.0);
  // beyond L2 it is slower
  EXPECT_GT(on.prefill_per_token(v32(), 131'072), 1.15 * on.prefill_per_token(v32(), 20'000));
}

TEST(SparseAttention, IndexerPrefillIsALineInPairsAndTokens) {
  const SparseAttention on = on_h100();
  const std::int64_t tokens = 16'384;
  const std::int64_t prefix = 16'384;
  const auto t = static_cast<double>(tokens);
  const double pairs = t * static_cast<double>(prefix) + t * (t + 1.0) / 2.0;
  EXPECT_NEAR(
      on.indexer_prefill_linear(v32(), t, pairs) / on.indexer_prefill(v32(), tokens, prefix), 1.0,
      0.03);
  EXPECT_NEAR(on.indexer_prefill_linear(v32(), t, 2e9) - on.indexer_prefill_linear(v32(), t, 1e9),
              1e9 * on.indexer_prefill_per_pair(v32()), 1e-12);
  // two query tokens an SM are the least that takes time: 64 tokens as 264
  EXPECT_NEAR(on.indexer_prefill(v32(), 64, 32'768) / on.indexer_prefill(v32(), 264, 32'768), 1.0,
              0.01);
}

TEST(SparseAttention, IndexerDecodeIsALineInKv) {
  const SparseAttention on = on_h100();
  for (const double s_q : {1.0, 2.0}) {
    EXPECT_NEAR(on.indexer_decode(v32(), 50, 3e5, s_q) - on.indexer_decode(v32(), 50, 1e5, s_q),
                2e5 * on.indexer_decode_per_kv_token(v32(), s_q), 1e-15);
  }
  EXPECT_EQ(on.indexer_decode(v32(), 50, 0.0, 1), 0.0);
}

TEST(SparseAttention, RowsThatAreChosenAsAWholeAreNotScanned) {
  const SparseAttention on = on_h100();
  EXPECT_LT(on.topk_rows(v32(), 64, 2'048), 2.0 * kUs);
  EXPECT_GT(on.topk_rows(v32(), 64, 2'049), 5.0 * kUs);
  EXPECT_EQ(on.topk_rows(v32(), 64, 100), on.topk_rows(v32(), 64, 2'048));
}

TEST(SparseAttention, TheChoiceGoesByWavesOfRows) {
  const SparseAttention on = on_h100();
  const double one = on.topk_rows(v32(), 132, 10'000);
  const hardware::HardwareProfile p;
  const base::Duration once = p.index_topk_fixed + p.index_topk_full_wave;
  EXPECT_NEAR(on.topk_rows(v32(), 264, 10'000),
              2.0 * one - 1e-9 * static_cast<double>(once.count()), 1e-12);
  EXPECT_LT(on.topk_rows(v32(), 132, 10'000), 1.3 * on.topk_rows(v32(), 1, 10'000));
}

// What the sums tell is what equal rows take.
TEST(SparseAttention, TheChoiceBySumsAlone) {
  const SparseAttention on = on_h100();
  EXPECT_NEAR(on.topk_decode(v32(), 100, 100 * 10'000.0, 1), on.topk_rows(v32(), 100, 10'000),
              1e-11);
  EXPECT_NEAR(on.topk_decode(v32(), 90, 9e5, 2) - on.topk_decode(v32(), 90, 5e5, 2),
              4e5 * on.topk_decode_per_kv_token(90, 2), 1e-12);
  const double tokens = 132.0 * 40;
  EXPECT_NEAR(on.topk_prefill_linear(tokens, tokens * 10'000),
              on.topk_rows(v32(), 132 * 40, 10'000), 1e-9);
}

TEST(SparseAttention, TheSustainedClockIsNeverFaster) {
  const SparseAttention cool = on_h100();
  const SparseAttention hot = on_h100(Clock::Sustained);
  EXPECT_GT(hot.decode(v32(), 128, 4'096, 1), cool.decode(v32(), 128, 4'096, 1));
  EXPECT_GT(hot.prefill(v32(), 4'096, 8'192, true), cool.prefill(v32(), 4'096, 8'192, true));
  EXPECT_GT(hot.indexer_prefill(v32(), 4'096, 8'192), cool.indexer_prefill(v32(), 4'096, 8'192));
  EXPECT_EQ(hot.indexer_decode(v32(), 64, 3e5, 1), cool.indexer_decode(v32(), 64, 3e5, 1));
}

TEST(SparseAttention, FewerSmsTakeLonger) {
  const SparseAttention few(hardware::HardwareProfile{}, 108, Clock::Cool);
  const SparseAttention all = on_h100();
  EXPECT_GT(few.prefill_per_token(v32(), 8'192), 1.2 * all.prefill_per_token(v32(), 8'192));
  EXPECT_GT(few.indexer_prefill_per_pair(v32()), 1.2 * all.indexer_prefill_per_pair(v32()));
  EXPECT_GT(few.topk_prefill_per_pair(), 1.2 * all.topk_prefill_per_pair());
}

}  // namespace
}  // namespace epfleet::timing
