// Energy by hand.
#include "epfleet/cost/energy.h"

#include <gtest/gtest.h>

namespace epfleet::cost {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;  // ns

TEST(Energy, IsPowerTimesNodeTimeTimesTheOverhead) {
  EnergyConfig config;
  config.pue = 1.5;
  config.usd_per_kwh = 0.1;
  config.node_power = {1'000.0, 2'000.0, 10'000.0, 5'000.0};
  metrics::NodeTime prefill, decode;
  prefill.busy = 2 * kHour;
  prefill.idle = 3 * kHour;
  decode.busy = 4 * kHour;
  decode.loading = 5 * kHour;
  decode.draining = 1 * kHour;
  const Energy energy = energy_of(config, prefill, decode, 1e6);
  // 1.5 x (2 x 10 + 3 x 1 + 4 x 5 + 5 x 2 + 1 x 5) kWh
  EXPECT_DOUBLE_EQ(energy.kwh, 87.0);
  EXPECT_DOUBLE_EQ(energy.j_per_output_token.value(), 87.0 * 3.6);
  EXPECT_DOUBLE_EQ(energy.usd, 8.7);
}

// The published day at the all-in 1.73 kW of others is 75.3 MWh; every node in a step all the time.
TEST(Energy, OfAFullPrefillNodeIsNearTheAllInFigureOfOthers) {
  metrics::NodeTime prefill;
  prefill.busy = 24 * kHour;
  const double kw_per_gpu = energy_of({}, prefill, {}, 1.0).kwh / 24.0 / 8.0;
  EXPECT_NEAR(kw_per_gpu, 1.73, 0.1);
}

TEST(Energy, WithoutOutputThereIsNoEnergyPerToken) {
  EXPECT_FALSE(energy_of({}, {}, {}, 0.0).j_per_output_token);
}

}  // namespace
}  // namespace epfleet::cost
