// MFU and MBU against sums worked out by hand.
#include "epfleet/experiment/efficiency.h"

#include <gtest/gtest.h>

#include "epfleet/cluster/unit_setup.h"

namespace epfleet::experiment {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// 4 prefill nodes and 18 decode nodes for 10 s.
metrics::RunStatistics ten_seconds() {
  metrics::RunStatistics s;
  s.begin = base::kWindowStart;
  s.end = base::kWindowStart + std::chrono::seconds(10);
  s.nodes.prefill_ns.busy = 4 * 10 * kSecond;
  s.nodes.decode_ns.busy = 17 * 10 * kSecond;
  s.nodes.decode_ns.loading = 10 * kSecond;  // time is time
  return s;
}

TEST(Efficiency, PrefillMfuIsTheModelsArithmeticOverThePeak) {
  metrics::RunStatistics s = ten_seconds();
  s.tokens.computed_in_steps = 3'000'000;
  s.workload.attention_pairs_per_computed_token = 4'000.0;
  const auto e = efficiency_of({}, s, {});
  // 2 x 35.7 billion + 61 layers x 81,920 x 4,000 keys = 91.4 GFLOP a token.
  EXPECT_NEAR(*e.prefill_mfu_ratio, 3e6 * 91.4e9 / (320.0 * 1'979e12), 0.0005);
}

TEST(Efficiency, DecodeMfuCountsTheTokensThatWereGiven) {
  metrics::RunStatistics s = ten_seconds();
  s.tokens.output = 2'600'000;
  s.workload.mean_kv_per_output_token = 5'000.0;
  const auto e = efficiency_of({}, s, {});
  // 2 x 36.6 billion + 61 x 278,528 x 5,000 = 158.2 GFLOP a token.
  EXPECT_NEAR(*e.decode_mfu_ratio, 2.6e6 * 158.2e9 / (1'440.0 * 1'979e12), 0.0005);
}

TEST(Efficiency, DecodeMbuReadsWeightsAndKvOnceAStep) {
  const cluster::FleetSpec spec;
  metrics::RunStatistics s = ten_seconds();
  s.utilisation.steps.decode_steps = 125;  // of 80 ms
  s.utilisation.steps.decode_kv_ratio_mean = 0.5;
  const auto e = efficiency_of(spec, s, {});
  // 24.7 GB of weights and half of the room for KV, 12.5 times a second.
  const auto kv = static_cast<double>(cluster::decode_limits(spec).kv_capacity_tokens) * 0.5 *
                  static_cast<double>(cluster::kv_bytes_per_token(spec));
  EXPECT_NEAR(*e.decode_mbu_ratio, 12.5 * (24.7e9 + kv) / 3'350e9, 0.002);
}

TEST(Efficiency, TokensPerGpuAndMoneyPerHourAreOfAllGpus) {
  metrics::RunStatistics s = ten_seconds();
  s.tokens.output = 17'600;
  cost::Account account;
  account.gpu_hours = 1'760.0 / 3600.0;
  account.cost_usd = 1.0;
  const auto e = efficiency_of({}, s, account);
  EXPECT_DOUBLE_EQ(*e.output_tps_per_gpu, 10.0);
  EXPECT_DOUBLE_EQ(*e.usd_per_hour, 360.0);
}

TEST(Efficiency, OfNothingThereIsNone) {
  const auto e = efficiency_of({}, {}, {});
  EXPECT_FALSE(e.prefill_mfu_ratio || e.decode_mbu_ratio || e.usd_per_hour);
}

}  // namespace
}  // namespace epfleet::experiment
