#include "epfleet/timing/mla_decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "timing_parts.h"

namespace epfleet::timing {
namespace {

// A block of 64 keys for 64 query rows takes 1 us (8.913 MFLOP at 132 x 8.913 TFLOPS), a request 5
// us; memory and combining cost nothing.
hardware::HardwareProfile plain_schedule() {
  hardware::HardwareProfile p;
  p.mla_decode_law = hardware::MlaLaw::Schedule;
  p.mla_decode_fixed = base::Duration(2'000);
  p.mla_decode_rate = base::FlopsPerSecond(132.0 * 64 * 64 * 2 * 1'088 / kUs);
  p.mla_decode_bandwidth = base::BytesPerSecond(1e24);
  p.mla_request_fixed = base::Duration(5'000);
  p.mla_overlap_power = 100.0;
  p.mla_partial_bandwidth = base::BytesPerSecond(1e24);
  p.mla_split_fixed = base::Duration(0);
  return p;
}

double at(const hardware::HardwareProfile& p, std::size_t batch, std::int64_t keys,
          std::int64_t s_q) {
  return MlaDecode(p, 132, Clock::Cool).lengths({}, std::vector<std::int64_t>(batch, keys), s_q);
}

// 128 heads in CTAs of 64 rows: 66 parts. 66 requests of 64 blocks: one each, 2 + 64 + 5 us. One
// more request than parts: every part gets ceil(67 x 69 / 66) + 5 = 76 blocks' worth, so the second
// part begins with the rest of the first part's second request.
TEST(MlaDecode, OneRequestAPartAndOneTooMany) {
  EXPECT_NEAR(at(plain_schedule(), 66, 4'096, 1), 71 * kUs, 1e-12);
  EXPECT_NEAR(at(plain_schedule(), 65, 4'096, 1), 71 * kUs, 1e-12);
  EXPECT_GT(at(plain_schedule(), 67, 4'096, 1), 71 * kUs);
}

// Two query tokens need twice the CTAs: 33 parts, two requests each.
TEST(MlaDecode, TwoQueryTokensHalveTheParts) {
  EXPECT_NEAR(at(plain_schedule(), 66, 4'096, 2), (2 + 2 * 64 + 2 * 5) * kUs, 1e-12);
}

// One request of 40 blocks over 66 parts: ceil(45 / 66) + 5 = 6, one block a part, 40 pieces, each
// 128 x 512 x 4 B = 262,144 B of partial results: 40 x 0.262144 us at 1 TB/s and 40 x 0.1 us.
TEST(MlaDecode, SplitRequestsAreCombined) {
  hardware::HardwareProfile p = plain_schedule();
  EXPECT_NEAR(at(p, 1, 2'560, 1), (2 + 1 + 5) * kUs, 1e-12);
  p.mla_partial_bandwidth = base::BytesPerSecond(1e12);
  p.mla_split_fixed = base::Duration(100);
  EXPECT_NEAR(at(p, 1, 2'560, 1), (8 + 40 * 0.262144 + 40 * 0.1) * kUs, 1e-11);
}

// The expectation for mixed lengths is within a part of any real schedule of long requests: evenly
// mixed lengths of 1,000..9,000 tokens.
TEST(MlaDecode, MixedLengthsFollowTheirSum) {
  const hardware::HardwareProfile p = plain_schedule();
  const MlaDecode mla(p, 132, Clock::Cool);
  std::vector<std::int64_t> lengths;
  double sum = 0.0;
  for (std::int64_t i = 0; i < 90; ++i) {
    lengths.push_back(1'000 + (i * 7'919) % 8'000);
    sum += static_cast<double>(lengths.back());
  }
  for (const std::int64_t s_q : {1, 2}) {
    const double real = mla.lengths({}, lengths, s_q);
    EXPECT_NEAR(mla.mixed({}, 90, sum, static_cast<double>(s_q)) / real, 1.0, 0.05) << s_q;
  }
}

model::Model with_heads(std::int64_t heads) {
  model::Model m;
  m.heads = heads;
  return m;
}

// 64 heads fill one CTA: 132 parts, with constants of their own. 132 requests of 64 blocks: one
// each.
TEST(MlaDecode, SixtyFourHeadsHaveTwiceTheParts) {
  hardware::HardwareProfile p = plain_schedule();
  p.mla_one_tile_fixed = base::Duration(1'000);
  p.mla_one_tile_request_fixed = base::Duration(3'000);
  p.mla_one_tile_rate = base::FlopsPerSecond(132.0 * 64 * 64 * 2 * 1'088 / (2.0 * kUs));
  p.mla_one_tile_bandwidth = base::BytesPerSecond(1e24);
  const MlaDecode mla(p, 132, Clock::Cool);
  const std::vector<std::int64_t> batch(132, 4'096);
  EXPECT_NEAR(mla.lengths(with_heads(64), batch, 1), (1 + 2 * 64 + 3) * kUs, 1e-12);
  // a tile that is not full takes as long
  EXPECT_NEAR(mla.lengths(with_heads(16), batch, 1), (1 + 2 * 64 + 3) * kUs, 1e-12);
  // two query tokens make two tiles: as 128 heads with one
  EXPECT_NEAR(mla.lengths(with_heads(64), batch, 2), mla.lengths({}, batch, 1), 1e-12);
}

// FlashMLA of 2026, 64 heads, batch 128: 213.2 us at 4k and 60.7 us at 1k of context.
TEST(MlaDecode, SixtyFourHeadsAsMeasured) {
  const MlaDecode mla({}, 132, Clock::Cool);  // whatever the profile's law, the schedule
  for (const auto& [keys, us] : {std::pair{4'096, 213.2}, {1'024, 60.7}}) {
    const std::vector<std::int64_t> batch(128, keys);
    EXPECT_NEAR(mla.lengths(with_heads(64), batch, 1) / (us * kUs), 1.0, 0.04) << keys;
  }
  const double kv = 128 * 4'096.0;
  EXPECT_NEAR(mla.mixed(with_heads(64), 128, kv, 1) / (213.2 * kUs), 1.07, 0.07);
  EXPECT_NEAR(mla.mixed(with_heads(64), 128, kv + 1e4, 1) - mla.mixed(with_heads(64), 128, kv, 1),
              1e4 * mla.mixed_per_kv_token(with_heads(64), 1), 1e-12);
}

// The published day's law: 128 heads on a line, to the bit, whatever few heads have.
TEST(MlaDecode, TheLineOf128HeadsIsTheProfilesAlone) {
  hardware::HardwareProfile p;
  p.mla_one_tile_fixed = base::Duration(99'000);
  p.mla_one_tile_bandwidth = base::BytesPerSecond(1e9);
  p.mla_few_heads_split_fixed = base::Duration(99'000);
  const MlaDecode mla(p, 132, Clock::Cool);
  const double kv = 300'000.0;
  const double memory = 1'152.0 / 2'844e9;
  const double arithmetic = 2.0 * 278'528.0 / 657e12;
  EXPECT_EQ(mla.mixed({}, 64, kv, 2), 10'700e-9 + kv * arithmetic);
  EXPECT_EQ(mla.mixed({}, 64, kv, 1), 10'700e-9 + kv * std::max(memory, 278'528.0 / 657e12));
}

TEST(MlaDecode, LinearInKvAndNothingForNone) {
  const MlaDecode mla(plain_schedule(), 132, Clock::Sustained);
  const model::Model m;
  EXPECT_EQ(mla.mixed(m, 5, 0, 2), 0.0);
  EXPECT_NEAR(mla.mixed(m, 5, 9'000, 2) - mla.mixed(m, 5, 4'000, 2),
              5'000 * mla.mixed_per_kv_token(m, 2), 1e-15);
}

}  // namespace
}  // namespace epfleet::timing
