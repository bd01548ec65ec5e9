// Failures in a small service: what must hold whatever fails, and whatever is done about it.
//     arrived        = completed + rejected + failed + in flight, each announced once
//     failed         = requests lost to failures; with in_flight: retry none
//     computed       = new tokens of finished prompts + recomputed + chunks of half-done ones
//     output         = first tokens + tokens of decode steps
//     node time      = busy + idle + loading + draining + down = nodes x time; spares x time
//     availability   = 1 / (1 + failures per unit and second x time to recover)
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "epfleet/base/random.h"
#include "epfleet/cluster/failure_plan.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

using base::Duration;
using base::TimePoint;
using cluster::FailureKind;
using cluster::FailuresConfig;
using cluster::InFlight;
using cluster::Recovery;
using cluster::UnitKind;
using observe::Outcome;
using observe::RequestDone;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using NodeTime = observe::FleetSample::NodeTime;

constexpr std::int64_t kNodes = 4;  // of a unit
constexpr Duration kStartUp = seconds(20);

// Two units of each phase (of one group each), whose decode units have 12 slots of experts a GPU:
// room for all experts without one of their nodes.
std::vector<std::string> keys(std::vector<std::string> more = {}) {
  std::vector<std::string> all = {"fleet.groups=1", "decode.redundant_experts=128",
                                  "report.cool_down=20 min", "scaling.start_up=20 s"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

FailuresConfig quick_to_recover() {
  FailuresConfig config;
  config.detection = seconds(10);
  config.mask_stall = seconds(2);
  config.swap_in = seconds(5);
  config.reset = seconds(15);
  config.repair = seconds(60);
  return config;
}

FailuresConfig one(FailureKind what, UnitKind kind, std::int64_t unit, std::int64_t gpu,
                   Duration at = minutes(2)) {
  FailuresConfig config = quick_to_recover();
  config.at = {{.time = at, .what = what, .unit = cluster::UnitName{kind, unit}, .gpu = gpu}};
  return config;
}

// Step prices are made once for the scenario, whatever fails in it.
FleetRun run(const FailuresConfig& failures, std::vector<std::string> more = {},
             std::uint64_t seed = 1) {
  const config::Scenario scenario = replayed_fleet(seed, keys(std::move(more)));
  cluster::FleetSpec spec = scenario;
  spec.failures = failures;
  return run_fleet(scenario, spec);
}

std::int64_t node_ns(Duration time) { return time.count() * kNodes; }

NodeTime all(const observe::FleetSample& sample) {
  NodeTime sum = sample.prefill_node_ns;
  const NodeTime& decode = sample.decode_node_ns;
  sum.busy += decode.busy;
  sum.idle += decode.idle;
  sum.loading += decode.loading;
  sum.draining += decode.draining;
  sum.down += decode.down;
  return sum;
}

void expect_conserved(const FleetRun& run) {
  const std::vector<RequestDone> requests = run.ledger.by_id();
  const observe::FleetSample& last = run.ledger.last();
  ASSERT_EQ(requests.size(), run.ledger.arrivals.size());
  std::int64_t input = 0, cached = 0, computed = 0, half_done_most = 0, first_tokens = 0;
  std::int64_t unit_failed = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestDone& request = requests[i];
    ASSERT_EQ(request.id.value(), i);
    EXPECT_LE(request.arrival, request.done);
    if (request.has_first_token) {
      EXPECT_TRUE(request.entered_prefill);
      EXPECT_LE(request.arrival, request.prefill_start);
      EXPECT_LT(request.prefill_start, request.first_token);
      EXPECT_LE(request.first_token, request.done);
      EXPECT_LT(request.cached_tokens, request.prompt_tokens);
      input += request.prompt_tokens;
      cached += request.cached_tokens;
      computed += request.prompt_tokens - request.cached_tokens;
      ++first_tokens;
    }
    if (request.entered_decode) {
      EXPECT_LE(request.kv_arrived, request.decode_start);
      EXPECT_LE(request.first_token, request.decode_start);
    }
    unit_failed += request.ending == observe::Ending::UnitFailed ? 1 : 0;
    if (request.outcome() == Outcome::InFlight ||
        (request.outcome() == Outcome::Failed && request.ending != observe::Ending::UnitFailed)) {
      half_done_most += request.prompt_tokens + request.output_tokens;
    }
    if (request.outcome() == Outcome::Completed) {
      EXPECT_TRUE(request.has_first_token);
    }
  }
  EXPECT_EQ(last.arrived, static_cast<std::int64_t>(requests.size()));
  EXPECT_EQ(last.completed, run.ledger.count(Outcome::Completed));
  EXPECT_EQ(last.failed, run.ledger.count(Outcome::Failed));
  EXPECT_EQ(unit_failed, last.failures.requests_lost);
  EXPECT_EQ(last.rejected, 0);
  EXPECT_EQ(run.scheduled, run.executed + run.cancelled + run.left);

  const observe::TokenTotals tokens = tokens_of(last);
  EXPECT_EQ(tokens.input, input);
  EXPECT_EQ(tokens.cached, cached);
  EXPECT_GE(last.computed_tokens, computed + last.failures.recomputed_tokens);
  EXPECT_LE(last.computed_tokens, computed + last.failures.recomputed_tokens + half_done_most);
  base::TokenParts output = base::TokenParts::from_tokens(first_tokens);
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    output += step.emitted;
  }
  EXPECT_EQ(tokens.output, output);

  for (const observe::FleetSample& sample : run.ledger.samples) {
    EXPECT_EQ(sample.nodes_serving + sample.nodes_draining + sample.nodes_loading +
                  sample.nodes_down + sample.nodes_spare,
              sample.nodes_allotted());
    EXPECT_EQ(sample.spare_node_ns,
              run.spec.failures.spare_nodes * (sample.time - run.spec.run_start()).count());
    EXPECT_EQ(all(sample).down, sample.failures.unit_down_ns * kNodes);
  }
  if (run.ledger.count(Outcome::InFlight) == 0) {
    EXPECT_EQ(last.decode_active_requests + last.decode_waiting_requests, 0);
    EXPECT_EQ(last.decode_kv_tokens, 0.0);
    EXPECT_EQ(last.prefill_queue_requests + last.prefill_queue_tokens, 0);
    EXPECT_TRUE(half_done_most > 0 ||
                last.computed_tokens == computed + last.failures.recomputed_tokens);
  }
}

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

TEST(FailureLaws, WithoutFailuresTheKeysChangeNothing) {
  FailuresConfig config = quick_to_recover();
  config.recovery = Recovery::MaskAndRejoin;
  config.in_flight = InFlight::Retry;
  const FleetRun with = run(config), without = run({});
  EXPECT_EQ(with.fingerprint, without.fingerprint);
  EXPECT_EQ(with.executed, without.executed);
}

// Every kind and mode, at random, while units come and go.
TEST(FailureLaws, NothingIsLostWithoutAReasonUnderRandomFailures) {
  std::int64_t events = 0, lost = 0, retried = 0, down = 0, masked = 0;
  for (std::uint64_t seed = 1; seed <= 18; ++seed) {
    SCOPED_TRACE(seed);
    base::Stream draw(base::StreamFamily(seed, "test.failures"), 0);
    FailuresConfig config = quick_to_recover();
    config.recovery = static_cast<Recovery>(seed % 3);
    config.in_flight = static_cast<InFlight>(seed / 3 % 2);
    config.node_rate = 40.0 + 80.0 * draw.uniform();
    config.spare_nodes = static_cast<std::int64_t>(draw.uniform() * 3.0);
    for (const FailureKind what : {FailureKind::Store, FailureKind::Straggler, FailureKind::Nic,
                                   FailureKind::Node, FailureKind::Gpu}) {
      cluster::FailureAt at{.time = seconds(static_cast<int>(draw.uniform() * 330.0)),
                            .what = what,
                            .unit = {},
                            .gpu = static_cast<std::int64_t>(draw.uniform() * 32.0),
                            .lasts = seconds(1 + static_cast<int>(draw.uniform() * 60.0))};
      if (what != FailureKind::Store) {
        at.unit = cluster::UnitName{draw.uniform() < 0.5 ? UnitKind::Prefill : UnitKind::Decode,
                                    draw.uniform() < 0.5 ? 0 : 1};
      }
      config.at.push_back(at);
    }
    std::vector<std::string> more;
    if (seed % 2 == 0) {
      more = {"scaling.policy=schedule",
              "scaling.schedule=[{at: 1 min, groups: 0}, {at: 2 min, groups: 1}, {at: 4 min, "
              "groups: 0}]",
              std::string("scaling.drain=") + (seed % 4 == 0 ? "wait" : "migrate")};
    }
    if (seed % 3 == 0) {  // users who give up and deadlines beside
      more.insert(more.end(), {"admission.patience=20 s", "admission.total_deadline=90 s"});
    }
    const FleetRun one_run = run(config, more, seed);
    expect_conserved(one_run);
    const observe::FleetSample& last = one_run.ledger.last();
    EXPECT_TRUE(config.in_flight == InFlight::Lost || last.failures.requests_lost == 0);
    EXPECT_TRUE(config.in_flight == InFlight::Retry || last.failures.requests_retried == 0);
    if (seed % 2 == 1) {
      const NodeTime time = all(last);
      EXPECT_EQ(time.allotted(), node_ns(last.time - one_run.spec.run_start()) * 4);
      EXPECT_EQ(time.loading + time.draining, 0);
    }
    if (seed <= 2) {
      EXPECT_EQ(run(config, more, seed).fingerprint, one_run.fingerprint);
    }
    events += last.failures.events;
    lost += last.failures.requests_lost;
    retried += last.failures.requests_retried;
    down += last.failures.unit_down_ns;
    masked += last.failures.masked_gpu_ns;
  }
  EXPECT_GT(events, 100);
  EXPECT_GT(lost, 500);
  EXPECT_GT(retried, 500);
  EXPECT_GT(down, Duration(minutes(20)).count());
  EXPECT_GT(masked, Duration(minutes(20)).count());
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

// --- drawn failures

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
