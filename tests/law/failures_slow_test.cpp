// What fails without stopping a unit: a straggler, a slow NIC, the store.
#include <gtest/gtest.h>

#include "support/failing_fleet.h"

namespace epfleet::test {
namespace {

using namespace failing;  // NOLINT(google-build-using-namespace): its words are the test's

double mean_step_s(const FleetRun& run, std::uint32_t unit, Duration from, Duration until) {
  double sum = 0.0, steps = 0.0;
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    if (step.unit.value() == unit && step.start >= base::kWindowStart + from &&
        step.start < base::kWindowStart + until) {
      sum += base::to_seconds(step.end - step.start);
      steps += 1.0;
    }
  }
  return sum / steps;
}

// Half its speed: twice as long a step, or longer with the requests that gather meanwhile.
TEST(FailureScenarios, AStragglerStretchesTheStepsOfItsUnit) {
  FailuresConfig config = one(FailureKind::Straggler, UnitKind::Decode, 0, 7);
  const FleetRun with = run(config);
  expect_conserved(with);
  const double before = mean_step_s(with, 0, minutes(1), minutes(2));
  const double slow = mean_step_s(with, 0, minutes(2) + seconds(1), minutes(3));
  EXPECT_GT(slow, 1.9 * before);
  EXPECT_LT(slow, 2.6 * before);
  EXPECT_LT(mean_step_s(with, 0, minutes(4), minutes(5)), 1.3 * before);
  EXPECT_LT(mean_step_s(with, 1, minutes(2), minutes(3)), 1.3 * before);
  EXPECT_EQ(with.ledger.last().failed, 0);
}

TEST(FailureScenarios, ASlowNicSlowsTheStepsOfItsUnit) {
  FailuresConfig config = one(FailureKind::Nic, UnitKind::Decode, 0, 7);
  config.at.front().share = 0.02;
  const FleetRun with = run(config);
  expect_conserved(with);
  const double before = mean_step_s(with, 0, minutes(1), minutes(2));
  EXPECT_GT(mean_step_s(with, 0, minutes(2) + seconds(1), minutes(3)), 1.2 * before);
  EXPECT_LT(mean_step_s(with, 0, minutes(4), minutes(5)), 1.15 * before);
  EXPECT_EQ(with.ledger.last().failed, 0);
}

TEST(FailureScenarios, WithoutItsStoreNothingHits) {
  FailuresConfig config = quick_to_recover();
  config.at = {{.time = minutes(2), .what = FailureKind::Store, .unit = {}, .lasts = minutes(1)}};
  const FleetRun with = run(config);
  expect_conserved(with);
  std::int64_t missed = 0, hits = 0;
  for (const RequestDone& request : with.ledger.requests) {
    const Duration at = request.arrival - base::kWindowStart;
    const bool down = at >= minutes(2) && at < minutes(3);
    EXPECT_TRUE(!down || request.cached_tokens == 0);
    missed += down ? 1 : 0;
    hits += down ? 0 : request.cached_tokens;
  }
  EXPECT_GT(missed, 100);
  EXPECT_GT(hits, 0);
  EXPECT_GT(with.ledger.last().cache_lost.store_down, 0);
}

}  // namespace
}  // namespace epfleet::test
