// A fleet sized by step prices: it carries what it is sized for, and no node is idle in the answer.
#include "epfleet/experiment/fleet_size.h"

#include <gtest/gtest.h>

#include "epfleet/config/loader.h"

namespace epfleet::experiment {
namespace {

config::Scenario service() {
  config::Scenario scenario = config::default_scenario();
  scenario.slo.tpot.limit = std::chrono::milliseconds(50);
  scenario.experts.skew = "none";  // the expected imbalance takes seconds
  return scenario;
}

const PlainTraffic kTraffic{4'000.0, 1'000.0, 1.0, 0.5, 200.0};

TEST(FleetSize, CarriesTheRateAndNoUnitCouldBeLeftOut) {
  const auto size = size_fleet(service(), kTraffic, std::nullopt, false);
  ASSERT_TRUE(size);
  EXPECT_GE(size->rate, 200.0);
  const auto fewer = size_fleet(service(), kTraffic, size->nodes - 1, false);
  EXPECT_TRUE(!fewer || fewer->rate < 200.0);
  const auto same = size_fleet(service(), kTraffic, size->nodes, false);
  ASSERT_TRUE(same);
  EXPECT_GE(same->rate, 200.0);
}

TEST(FleetSize, MoreNodesCarryMoreAndAreNotExceeded) {
  double before = 0.0;
  for (const std::int64_t nodes : {10, 30, 60, 278}) {
    const auto size = size_fleet(service(), kTraffic, nodes, false);
    ASSERT_TRUE(size) << nodes;
    EXPECT_LE(size->nodes, nodes);
    EXPECT_GT(size->rate, before);
    before = size->rate;
  }
  EXPECT_FALSE(size_fleet(service(), kTraffic, 2, false));
}

TEST(FleetSize, SpreadLengthsAndMissesNeedMore) {
  PlainTraffic even = kTraffic, cold = kTraffic;
  even.cv = 0.0;
  cold.hit_ratio = 0.0;
  const auto rate_of = [](const PlainTraffic& traffic) {
    return size_fleet(service(), traffic, 60, false)->rate;
  };
  EXPECT_GT(rate_of(even), rate_of(kTraffic));
  EXPECT_LT(rate_of(cold), rate_of(kTraffic));
}

TEST(FleetSize, AStatedEpSizeIsKept) {
  config::Scenario scenario = service();
  scenario.decode.gpus = 72;
  scenario.prefill.gpus = 32;
  const auto size = size_fleet(scenario, kTraffic, 60, true);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->decode_gpus, 72);
}

}  // namespace
}  // namespace epfleet::experiment
