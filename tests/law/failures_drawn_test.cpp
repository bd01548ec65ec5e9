// Failures that are drawn: their number and kinds, and the availability that follows.
//     availability   = 1 / (1 + failures per unit and second x time to recover)
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "support/failing_fleet.h"

namespace epfleet::test {
namespace {

using namespace failing;  // NOLINT(google-build-using-namespace): its words are the test's

cluster::FleetSpec drawn(std::uint64_t seed, double rate) {
  cluster::FleetSpec spec = replayed_fleet(seed, keys());
  spec.failures = quick_to_recover();
  spec.failures.node_rate = rate;
  return spec;
}

TEST(FailurePlans, EventsArePoissonAndOfTheKindsThatWereCounted) {
  std::map<FailureKind, double> kinds;
  double sum = 0.0, squares = 0.0;
  constexpr int kSeeds = 400;
  const cluster::FleetSpec first = drawn(1, 100.0);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    cluster::FleetSpec spec = first;
    spec.seed = seed;
    const auto plan = cluster::failure_plan(spec, 2, 2);
    for (const cluster::Failure& failure : plan) {
      kinds[failure.what] += 1.0;
      EXPECT_LT(failure.gpu, 32U);
      EXPECT_GE(failure.at, spec.run_start());
      EXPECT_LT(failure.at, spec.run_end());
    }
    sum += static_cast<double>(plan.size());
    squares += static_cast<double>(plan.size() * plan.size());
  }
  const double expected =
      100.0 * 16 * base::to_seconds(first.run_end() - first.run_start()) / 86'400.0;
  const double mean = sum / kSeeds, variance = squares / kSeeds - mean * mean;
  EXPECT_NEAR(mean, expected, 4.0 * std::sqrt(expected / kSeeds));
  EXPECT_NEAR(variance / mean, 1.0, 4.0 * std::sqrt(2.0 / kSeeds));
  EXPECT_NEAR(kinds[FailureKind::Gpu] / sum, 268.0 / 419.0, 4.0 * std::sqrt(0.25 / sum));
  EXPECT_NEAR(kinds[FailureKind::Nic] / sum, 42.0 / 419.0, 4.0 * std::sqrt(0.1 / sum));
}

TEST(FailurePlans, ALongerWarmUpMovesNoFailureOfTheWindow) {
  cluster::FleetSpec spec = drawn(3, 200.0);
  const auto of_window = [&] {
    auto plan = cluster::failure_plan(spec, 2, 2);
    std::erase_if(plan, [](const auto& failure) { return failure.at < base::kWindowStart; });
    return plan;
  };
  const auto before = of_window();
  spec.workload.warm_up = minutes(40);
  const auto after = of_window();
  ASSERT_EQ(before.size(), after.size());
  ASSERT_GT(before.size(), 5U);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].at, after[i].at);
    EXPECT_EQ(before[i].gpu, after[i].gpu);
  }
}

// Units fail at 4 x rate a day and need D = detection or repair, and loading, to serve again:
// availability 1 / (1 + 4 rate D). All failures are of nodes, so that all take as long.
TEST(FailureLaws, AvailabilityIsThatOfIndependentFailures) {
  constexpr double kRate = 24.0;  // per node-day; two failures a run
  double down_s = 0.0, wanted_s = 0.0, events = 0.0;
  Duration to_recover{};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    cluster::FleetSpec spec = drawn(seed, kRate);
    spec.failures.in_flight = InFlight::Retry;
    spec.failures.spare_nodes = 100;
    to_recover = spec.failures.detection + seconds(20);
    spec.failures.swap_in = spec.failures.reset = spec.failures.detection;
    const config::Scenario scenario = replayed_fleet(seed, keys());
    spec.report.cool_down = {};
    const FleetRun one_run = run_fleet(scenario, spec);
    const observe::FleetSample& last = one_run.ledger.last();
    down_s += base::to_seconds(Duration(last.failures.unit_down_ns));
    wanted_s += 4.0 * base::to_seconds(last.time - spec.run_start());
    events += static_cast<double>(last.failures.events);
  }
  // NIC failures stop nobody.
  const double per_second = kRate * 4.0 / 86'400.0 * (1.0 - 42.0 / 419.0);
  const double expected = 1.0 / (1.0 + per_second * base::to_seconds(to_recover));
  // The standard error of the down time is that of the number of failures.
  const double tolerance = 4.0 * (1.0 - expected) / std::sqrt(events);
  EXPECT_GT(events, 60.0);
  EXPECT_NEAR(1.0 - down_s / wanted_s, expected, tolerance);
}

}  // namespace
}  // namespace epfleet::test
