// The same scenario and seed give the same trajectory and the same bytes, with a second thread and
// without; another seed gives another trajectory and nearly the same service. Draws belong to the
// request, not to the policies: two balancers see the same arrivals (open loop) and the same
// conversations (closed loop).
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "epfleet/experiment/run_scenario.h"
#include "epfleet/report/result_files.h"
#include "support/places.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

using observe::RequestDone;

report::RunReport report_of(const config::Scenario& scenario, bool threads) {
  experiment::RunOptions options;
  options.threads = threads;
  options.worth_a_hand_over = 0;
  return experiment::run_scenario(scenario, options);
}

TEST(Determinism, TheSameSeedGivesTheSameBytes) {
  for (const config::Scenario& scenario :
       {small_fleet(1, {"decode.mtp.acceptance_spread=0.1"}),
        replayed_fleet(1, {"decode.max_requests_per_gpu=4", "decode.balancer=round_robin"})}) {
    const report::RunReport first = report_of(scenario, true);
    for (const bool threads : {true, false}) {
      const report::RunReport again = report_of(scenario, threads);
      EXPECT_EQ(again.trajectory_fingerprint, first.trajectory_fingerprint);
      EXPECT_EQ(report::summary_json(again), report::summary_json(first));
      EXPECT_EQ(report::timeseries_csv(again), report::timeseries_csv(first));
      EXPECT_EQ(report::hourly_csv(again), report::hourly_csv(first));
      EXPECT_EQ(report::bench_serving_json(again), report::bench_serving_json(first));
      EXPECT_EQ(again.info.events, first.info.events);
    }
  }
}

std::size_t threads_of_this_process() {
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// It had four: a thread of the arrivals under which one drew the sessions, and one for statistics.
TEST(Determinism, ARunOnTwoCoresHasTwoThreads) {
  const std::size_t before = threads_of_this_process();
  std::set<std::size_t> seen;
  experiment::RunOptions options;
  options.progress = [&seen](const observe::FleetSample&) {
    seen.insert(threads_of_this_process());
  };
  (void)experiment::run_scenario(small_fleet(1), options);
  EXPECT_EQ(seen, std::set<std::size_t>{before + 1});
}

TEST(Determinism, AnotherSeedGivesAnotherRunOfTheSameService) {
  const report::RunReport one = report_of(replayed_fleet(1), false);
  const report::RunReport two = report_of(replayed_fleet(2), false);
  EXPECT_NE(one.trajectory_fingerprint, two.trajectory_fingerprint);
  EXPECT_EQ(one.scenario_fingerprint, two.scenario_fingerprint);
  const double speed = one.statistics.latency.output_speed.mean.value();
  EXPECT_NEAR(two.statistics.latency.output_speed.mean.value(), speed, 0.05 * speed);
}

// A run for the statistics and one for the ledger are the same run.
TEST(Determinism, WhoListensChangesNothing) {
  const config::Scenario scenario =
      small_fleet(3, {"workload.source=token_rate", "kv_cache.model=statistical",
                      "workload.path=" + source_dir() + "/traces/deepseek_day.csv",
                      "workload.rate_scale=0.003"});
  const report::RunReport report = report_of(scenario, true);
  const FleetRun run = run_fleet(scenario);
  EXPECT_EQ(report.trajectory_fingerprint, run.fingerprint);
  EXPECT_GT(report.info.events, run.executed);  // it looks at the fleet more often
}

TEST(CommonRandomNumbers, BalancersSeeTheSameArrivals) {
  const FleetRun joint = run_fleet(replayed_fleet(4, {"decode.balancer=joint"}));
  const FleetRun plain = run_fleet(replayed_fleet(4, {"decode.balancer=round_robin"}));
  EXPECT_NE(joint.fingerprint, plain.fingerprint);
  ASSERT_EQ(joint.ledger.arrivals.size(), plain.ledger.arrivals.size());
  ASSERT_GT(joint.ledger.arrivals.size(), 1'000U);
  for (std::size_t i = 0; i < joint.ledger.arrivals.size(); ++i) {
    const workload::Request& a = joint.ledger.arrivals[i];
    const workload::Request& b = plain.ledger.arrivals[i];
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.session, b.session);
    EXPECT_EQ(a.arrival, b.arrival);
    EXPECT_EQ(a.prompt_tokens, b.prompt_tokens);
    EXPECT_EQ(a.output_tokens, b.output_tokens);
    EXPECT_EQ(a.stated_cached_tokens, b.stated_cached_tokens);
  }
}

// In the closed loop arrivals move with the service, but a turn of a session is what it is.
TEST(CommonRandomNumbers, BalancersSeeTheSameConversations) {
  const FleetRun joint = run_fleet(small_fleet(5, {"decode.balancer=joint"}));
  const FleetRun plain =
      run_fleet(small_fleet(5, {"decode.balancer=round_robin", "decode.mtp.acceptance=0.6"}));
  std::map<std::pair<std::uint64_t, std::uint32_t>, const workload::Request*> turns;
  for (const workload::Request& request : joint.ledger.arrivals) {
    turns[{request.session.value(), request.turn}] = &request;
  }
  std::int64_t common = 0, moved = 0;
  for (const workload::Request& request : plain.ledger.arrivals) {
    const auto found = turns.find({request.session.value(), request.turn});
    if (found == turns.end()) {
      continue;  // one service came to this turn in time, the other did not
    }
    ++common;
    moved += request.arrival != found->second->arrival ? 1 : 0;
    EXPECT_EQ(request.prompt_tokens, found->second->prompt_tokens);
    EXPECT_EQ(request.output_tokens, found->second->output_tokens);
    EXPECT_EQ(request.variant, found->second->variant);
    EXPECT_EQ(request.channel, found->second->channel);
    EXPECT_EQ(request.prefix.session_tokens, found->second->prefix.session_tokens);
    if (request.turn == 0) {
      EXPECT_EQ(request.arrival, found->second->arrival);
    }
  }
  EXPECT_GT(common, 1'000);
  EXPECT_GT(moved, 50);
}

}  // namespace
}  // namespace epfleet::test
