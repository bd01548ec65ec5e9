// How a unit comes back from a failure: restart, repair and spares, a mask, retried requests.
#include <gtest/gtest.h>

#include "support/failing_fleet.h"

namespace epfleet::test {
namespace {

using namespace failing;  // NOLINT(google-build-using-namespace): its words are the test's

// Requests by whether a failure at two minutes ended them.
std::int64_t lost_at(const FleetRun& run, Duration time) {
  std::int64_t count = 0;
  for (const RequestDone& request : run.ledger.requests) {
    if (request.outcome() == Outcome::Failed) {
      EXPECT_EQ(request.done, base::kWindowStart + time);
      ++count;
    }
  }
  return count;
}

// 10 s until it is known, 5 s for the spare, 20 s to load.
TEST(FailureScenarios, ARestartedUnitIsDownFromTheFailureUntilItServes) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 3);
  config.spare_nodes = 1;
  const FleetRun with = run(config);
  expect_conserved(with);
  const TimePoint failed = base::kWindowStart + minutes(2);
  const observe::FleetSample& last = with.ledger.last();
  EXPECT_EQ(last.failures.events, 1);
  EXPECT_EQ(last.failures.unit_down_ns, Duration(seconds(30)).count());
  EXPECT_EQ(last.decode_node_ns.down, node_ns(seconds(30)));
  EXPECT_EQ(last.prefill_node_ns.down, 0);
  EXPECT_GT(lost_at(with, minutes(2) + seconds(10)), 20);
  for (const observe::DecodeStepDone& step : with.ledger.decode_steps) {
    EXPECT_TRUE(step.unit.value() != 0 || step.end <= failed || step.start >= failed + seconds(30));
  }
}

TEST(FailureScenarios, WithoutASpareTheRepairIsAwaited) {
  const FleetRun with = run(one(FailureKind::Node, UnitKind::Decode, 0, 3));
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns, Duration(seconds(60 + 20)).count());
}

TEST(FailureScenarios, ALostGpuIsResetAndNeedsNoOtherNode) {
  FailuresConfig config = one(FailureKind::Gpu, UnitKind::Decode, 0, 3);
  const FleetRun with = run(config);
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns, Duration(seconds(15 + 20)).count());
  config.at.front().lasts = seconds(40);
  EXPECT_EQ(run(config).ledger.last().failures.unit_down_ns, Duration(seconds(40 + 20)).count());
}

// The spare that the first one took is in repair when the second one needs one, and back for the
// third.
TEST(FailureScenarios, ASpareIsBackOnceTheLostNodeIsRepaired) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 3, minutes(1));
  config.spare_nodes = 1;
  config.at.push_back({.time = seconds(90), .unit = cluster::UnitName{UnitKind::Decode, 1}});
  config.at.push_back({.time = seconds(200), .unit = cluster::UnitName{UnitKind::Prefill, 1}});
  const FleetRun with = run(config);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns,
            Duration(seconds(30) + seconds(80) + seconds(30)).count());
}

TEST(FailureScenarios, RetriedRequestsKeepTheirTokensAndTheirFirstToken) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 3);
  config.in_flight = InFlight::Retry;
  const FleetRun with = run(config);
  expect_conserved(with);
  const TimePoint detected = base::kWindowStart + minutes(2) + seconds(10);
  std::int64_t retried = 0, resumed = 0;
  for (const RequestDone& request : with.ledger.requests) {
    EXPECT_TRUE(request.outcome() == Outcome::Completed ||
                request.arrival >= with.spec.window_end());
    if (request.retries > 0) {
      ++retried;
      resumed += request.entered_decode && request.decode_start < detected ? 1 : 0;
      EXPECT_LT(request.first_token, detected);
      EXPECT_GT(request.done, detected);
      EXPECT_EQ(request.retries, 1);
    }
  }
  const observe::FleetSample& last = with.ledger.last();
  EXPECT_EQ(retried, last.failures.requests_retried);
  EXPECT_GT(resumed, 20);
  EXPECT_GT(last.failures.recomputed_tokens, 0);
}

// A gap between tokens is as long as the failure made it.
TEST(FailureScenarios, TheGapBetweenTokensHoldsThePause) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 3);
  config.recovery = Recovery::Mask;
  const FleetRun with = run(config);
  Duration longest{};
  for (const observe::DecodeStepDone& step : with.ledger.decode_steps) {
    longest = std::max(longest, step.stood_still);
    EXPECT_TRUE(step.stood_still == Duration{} || step.unit.value() == 0);
  }
  EXPECT_GE(longest, seconds(2));
  EXPECT_LT(longest, milliseconds(2'500));
}

class Masked : public ::testing::TestWithParam<Recovery> {};

TEST_P(Masked, TheOtherGpusGoOn) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 11);
  config.recovery = GetParam();
  const FleetRun with = run(config);
  expect_conserved(with);
  const observe::FleetSample& last = with.ledger.last();
  const Duration down(last.failures.unit_down_ns);
  EXPECT_GE(down, seconds(2));
  EXPECT_LT(down, milliseconds(2'200));  // experts without a copy are read in a moment
  const TimePoint masked = base::kWindowStart + minutes(2) + down;
  const TimePoint back = GetParam() == Recovery::MaskAndRejoin
                             ? base::kWindowStart + minutes(2) + seconds(60) + kStartUp
                             : TimePoint::max();
  std::int64_t lost = 0, rejoined = 0, beside = 0;
  for (const RequestDone& request : with.ledger.requests) {
    const bool on_lost = request.decode_unit.value() == 0 && request.decode_gpu / 8 == 1;
    if (request.outcome() == Outcome::Failed) {
      EXPECT_TRUE(on_lost) << request.decode_gpu;
      ++lost;
    } else if (request.entered_decode && request.decode_start > masked) {
      EXPECT_TRUE(!on_lost || request.decode_start > back);
      rejoined += on_lost ? 1 : 0;
      beside += request.decode_unit.value() == 0 && !on_lost && request.decode_start < back ? 1 : 0;
    }
  }
  EXPECT_GT(lost, 3);
  EXPECT_GT(beside, 50);
  EXPECT_EQ(rejoined > 0, GetParam() == Recovery::MaskAndRejoin);
  const Duration without = std::min(back, last.time) - masked;
  EXPECT_EQ(last.failures.masked_gpu_ns, without.count() * 8);
}

INSTANTIATE_TEST_SUITE_P(Modes, Masked, ::testing::Values(Recovery::Mask, Recovery::MaskAndRejoin));

// 13 of 32 GPUs are gone: 19 x 12 slots do not hold 256 experts.
TEST(FailureScenarios, AUnitWhoseGpusCannotHoldAllExpertsIsRestarted) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0);
  config.recovery = Recovery::Mask;
  config.at.push_back(
      {.time = minutes(3), .unit = cluster::UnitName{UnitKind::Decode, 0}, .gpu = 8});
  const FleetRun with = run(config);
  expect_conserved(with);
  EXPECT_GT(with.ledger.last().failures.unit_down_ns, Duration(seconds(60 + 20)).count());
  EXPECT_LT(with.ledger.last().failures.unit_down_ns, Duration(seconds(60 + 20 + 3)).count());
}

TEST(FailureScenarios, AllGpusLostOneByOneRestartTheUnit) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0);
  config.recovery = Recovery::MaskAndRejoin;
  config.in_flight = InFlight::Retry;
  for (const int node : {1, 2, 3}) {
    config.at.push_back({.time = minutes(2) + seconds(node),
                         .unit = cluster::UnitName{UnitKind::Decode, 0},
                         .gpu = 8 * node});
  }
  const FleetRun with = run(config);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().failed, 0);
  EXPECT_EQ(with.ledger.last().failures.events, 4);
}

// Requests wait for the next serving unit of the phase, whichever unit was the last.
class LastUnit : public ::testing::TestWithParam<std::tuple<UnitKind, InFlight>> {};

TEST_P(LastUnit, RequestsWaitUntilItServesAgain) {
  const auto [kind, in_flight] = GetParam();
  FailuresConfig config = one(FailureKind::Gpu, kind, 0, 5);
  config.in_flight = in_flight;
  const FleetRun with = run(config, {"fleet.groups=0"});
  expect_conserved(with);
  std::int64_t waited = 0;
  for (const RequestDone& request : with.ledger.requests) {
    const TimePoint down = base::kWindowStart + minutes(2) + seconds(10);
    waited += request.arrival > down && request.arrival < down + seconds(25) ? 1 : 0;
    EXPECT_TRUE(request.outcome() == Outcome::Completed || request.arrival < down ||
                request.arrival >= with.spec.window_end());
  }
  EXPECT_GT(waited, 20);
  EXPECT_EQ(with.ledger.count(Outcome::Failed) > 0, in_flight == InFlight::Lost);
}

INSTANTIATE_TEST_SUITE_P(Phases, LastUnit,
                         ::testing::Combine(::testing::Values(UnitKind::Prefill, UnitKind::Decode),
                                            ::testing::Values(InFlight::Lost, InFlight::Retry)));

TEST(FailureScenarios, AFailureWhileDownLengthensIt) {
  FailuresConfig config = one(FailureKind::Gpu, UnitKind::Prefill, 0, 5);
  config.at.push_back({.time = minutes(2) + seconds(30),
                       .what = FailureKind::Gpu,
                       .unit = cluster::UnitName{UnitKind::Prefill, 0},
                       .gpu = 6});
  const FleetRun with = run(config);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns, Duration(seconds(30 + 15 + 20)).count());
}

// It is charged until the failure is known and its requests have left; then it is released.
TEST(FailureScenarios, AUnitThatScalingReleasesWhileDownIsReleasedOnceItIsKnown) {
  const std::vector<std::string> down_step = {"scaling.policy=schedule",
                                              "scaling.schedule=[{at: 125 s, groups: 0}]",
                                              "scaling.drain_lead=0 s"};
  const FleetRun with = run(one(FailureKind::Node, UnitKind::Decode, 1, 0), down_step);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns, Duration(seconds(10)).count());
  EXPECT_EQ(with.ledger.last().nodes_down, 0);
  EXPECT_EQ(with.ledger.last().decode_nodes_allotted, kNodes);
}

TEST(FailureScenarios, AUnitHitWhileItLoadsLoadsAgain) {
  const std::vector<std::string> up_step = {"fleet.groups=0", "scaling.policy=schedule",
                                            "scaling.schedule=[{at: 1 min, groups: 1}]"};
  const FleetRun with = run(one(FailureKind::Gpu, UnitKind::Decode, 1, 0, seconds(65)), up_step);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().decode_node_ns.loading, node_ns(seconds(5)));
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns, Duration(seconds(15 + 20)).count());
  EXPECT_EQ(with.ledger.last().failed, 0);
}

TEST(FailureScenarios, AUnitThatIsOffDoesNotFail) {
  const FleetRun with =
      run(one(FailureKind::Node, UnitKind::Decode, 1, 0),
          {"scaling.policy=schedule", "scaling.schedule=[{at: 1 min, groups: 0}]"});
  EXPECT_EQ(with.ledger.last().failures.events, 0);
}

// In the cool-down (the window is six minutes), and as good as at the end of the run.
TEST(FailureScenarios, AFailureAfterTheWindowOrAtTheEndLosesNobody) {
  for (const Duration at : {Duration(minutes(6) + milliseconds(500)), Duration(minutes(26))}) {
    FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0, at - Duration(1));
    config.in_flight = InFlight::Retry;
    const FleetRun with = run(config);
    expect_conserved(with);
    EXPECT_EQ(with.ledger.last().failed, 0);
  }
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0, minutes(6) - Duration(1));
  const FleetRun cut = run(config, {"report.cool_down=0 s"});
  expect_conserved(cut);
  EXPECT_EQ(cut.ledger.last().failures.events, 1);
  EXPECT_GT(cut.ledger.count(Outcome::InFlight), 10);
}

// It was priced as a unit of no GPUs.
TEST(FailuresLaws, AUnitWithoutAnyGpuLeftMayHaveASlowNicToo) {
  FailuresConfig config = quick_to_recover();
  config.in_flight = InFlight::Retry;
  for (std::int64_t node = 0; node < kNodes; ++node) {
    config.at.push_back({.time = minutes(2),
                         .what = FailureKind::Node,
                         .unit = cluster::UnitName{UnitKind::Decode, 0},
                         .gpu = 8 * node});
  }
  for (const FailureKind slow : {FailureKind::Nic, FailureKind::Straggler}) {
    for (const int time : {119, 121}) {  // is over while all are lost; hits nothing
      config.at.push_back({.time = seconds(time),
                           .what = slow,
                           .unit = cluster::UnitName{UnitKind::Decode, 0},
                           .gpu = 5,
                           .lasts = seconds(10)});
    }
  }
  for (const Recovery recovery : {Recovery::UnitRestart, Recovery::Mask}) {
    config.recovery = recovery;
    expect_conserved(run(config));
  }
}

// It took two, and left none to the unit that failed next.
TEST(FailuresLaws, ANodeLostTwiceBeforeItIsKnownTakesOneSpare) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0);
  config.spare_nodes = 2;
  config.at.push_back(
      {.time = minutes(2) + seconds(3), .unit = cluster::UnitName{UnitKind::Decode, 0}, .gpu = 1});
  config.at.push_back(
      {.time = minutes(2) + seconds(30), .unit = cluster::UnitName{UnitKind::Decode, 1}});
  const FleetRun with = run(config);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().failures.events, 2);
  EXPECT_EQ(with.ledger.last().failures.unit_down_ns, Duration(seconds(30 + 30)).count());
}

// It took one that never came into its place.
TEST(FailuresLaws, AMaskedUnitTakesNoSpare) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0);
  config.recovery = Recovery::Mask;
  config.spare_nodes = 1;
  config.at.push_back(
      {.time = minutes(2) + seconds(30), .unit = cluster::UnitName{UnitKind::Prefill, 0}});
  const FleetRun with = run(config);
  expect_conserved(with);
  EXPECT_EQ(with.ledger.last().prefill_node_ns.down, node_ns(seconds(30)));
}

// The repaired node is lost anew while it loads beside the others, which do not stand still.
TEST(FailuresLaws, WhatIsToRejoinMayBeLostAgainBesideTheOthers) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0);
  config.recovery = Recovery::MaskAndRejoin;
  config.at.push_back(
      {.time = minutes(3) + seconds(10), .unit = cluster::UnitName{UnitKind::Decode, 0}});
  const FleetRun with = run(config);
  expect_conserved(with);
  const observe::FleetSample& last = with.ledger.last();
  const Duration down(last.failures.unit_down_ns);
  EXPECT_EQ(last.failures.events, 2);
  EXPECT_LT(down, milliseconds(2'200));
  EXPECT_EQ(last.failures.masked_gpu_ns, (seconds(70 + 60) + kStartUp - down).count() * 8);
}

// The unit of the highest index went, and left the service to the one that was down.
TEST(FailuresLaws, WhereOneMustGoTheOneThatIsDownGoes) {
  FailuresConfig config = one(FailureKind::Node, UnitKind::Decode, 0, 0, minutes(1));
  config.repair = minutes(30);
  const FleetRun two =
      run(config, {"scaling.policy=schedule",
                   "scaling.schedule=[{at: 0 s, groups: 1}, {at: 3 min, groups: 0}]"});
  for (const observe::FleetSample& sample : two.ledger.samples) {
    if (sample.time > base::kWindowStart + minutes(4)) {
      EXPECT_EQ(sample.nodes_serving, 2 * kNodes);  // prefill/0 and decode/1
    }
  }
}

}  // namespace
}  // namespace epfleet::test
