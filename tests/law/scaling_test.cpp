// Fleets that rules scale, under loads that jump: what must hold whatever is decided.
//     arrived = completed + rejected + failed + in flight, each announced once, for a reason
//     nodes in use <= the budget, at any moment; at least one unit of each phase is allotted
//     node time by state sums to what was allotted; the same scenario decides the same
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "epfleet/base/random.h"
#include "support/small_fleet.h"
#include "support/temporary_file.h"
#include "support/trials.h"

namespace epfleet::test {
namespace {

using observe::Outcome;
using std::chrono::minutes;

constexpr std::int64_t kUnitNodes = 4, kUnitGpus = 32;

// Requests, input, cached and output tokens by minute; 1: about what one unit of each phase
// keeps at 40 ms a token.
std::string trace_of(const std::vector<double>& load_by_minute) {
  std::string csv = "time_s,requests,input_tokens,cached_tokens,output_tokens\n";
  for (std::size_t minute = 0; minute < load_by_minute.size(); ++minute) {
    const auto of = [&](double tokens) {
      return static_cast<std::int64_t>(tokens * load_by_minute[minute]);
    };
    csv += fmt::format("{},{},{},{},{}\n", 60 * minute, of(2'300), of(9'000'000), of(5'000'000),
                       of(2'500'000));
  }
  return csv;
}

config::Scenario under(const TemporaryFile& trace, std::uint64_t seed,
                       std::vector<std::string> keys) {
  const std::vector<std::string> all = {"workload.source=token_rate",
                                        "kv_cache.model=statistical",
                                        "workload.path=" + trace.path(),
                                        "fleet.base.prefill_units=0",
                                        "fleet.base.decode_units=0",
                                        "fleet.groups=1",
                                        "scaling.max_groups=4",
                                        "scaling.start_up=30 s",
                                        "scaling.stabilisation=1 min",
                                        "slo.tpot={limit: 40 ms, quantile: 0.5}",
                                        "slo.ttft={limit: 5 s, quantile: 0.95}",
                                        "workload.warm_up=0 s"};
  keys.insert(keys.begin(), all.begin(), all.end());
  return small_fleet(seed, std::move(keys));
}

void expect_conserved(const FleetRun& run) {
  const std::vector<observe::RequestDone> requests = run.ledger.by_id();
  ASSERT_EQ(requests.size(), run.ledger.arrivals.size());
  const observe::FleetSample& last = run.ledger.last();
  const auto in_flight = run.ledger.count(Outcome::InFlight);
  EXPECT_EQ(last.arrived, last.completed + last.rejected + last.failed + in_flight);
  EXPECT_EQ(last.arrived, static_cast<std::int64_t>(requests.size()));
  for (const observe::FleetSample& sample : run.ledger.samples) {
    EXPECT_GE(sample.prefill_nodes_allotted, kUnitNodes);
    EXPECT_GE(sample.decode_nodes_allotted, kUnitNodes);
  }
}

std::int64_t most_nodes(const FleetRun& run) { return run.ledger.last().peaks.nodes_allotted; }

const std::vector<std::string> kRules = {"target", "saturation", "planner", "slo"};

TEST(ScalingLaws, LoadThatTriplesWithinAMinuteIsServed) {
  const TemporaryFile trace(trace_of({1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3}), ".csv");
  for (const std::string& rule : kRules) {
    SCOPED_TRACE(rule);
    const FleetRun run = run_fleet(
        under(trace, 1, {"duration=12 min", "report.cool_down=30 min", "scaling.policy=" + rule}));
    expect_conserved(run);
    for (const observe::RequestDone& request : run.ledger.requests) {
      ASSERT_TRUE(request.outcome() == Outcome::Completed ||
                  request.arrival >= run.spec.window_end());
    }
    EXPECT_GE(most_nodes(run), 2 * 2 * kUnitNodes);
  }
}

TEST(ScalingLaws, LoadThatGoesToZeroLeavesOneUnitOfEachPhase) {
  const TemporaryFile trace(trace_of({3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                            ".csv");
  for (const std::string& rule : kRules) {
    SCOPED_TRACE(rule);
    const FleetRun run = run_fleet(under(
        trace, 2,
        {"duration=18 min", "fleet.groups=4", "scaling.policy=" + rule, "scaling.drain=wait"}));
    expect_conserved(run);
    EXPECT_EQ(most_nodes(run), 4 * 2 * kUnitNodes);
    EXPECT_EQ(run.ledger.last().nodes_allotted(), 2 * kUnitNodes);
  }
}

TEST(ScalingLaws, APoolThatIsTooSmallIsUsedToItsLastNodeAndNeverBeyond) {
  const TemporaryFile trace(trace_of({6, 6, 6, 6, 6, 6, 6, 6}), ".csv");
  for (const std::string& rule : kRules) {
    SCOPED_TRACE(rule);
    const FleetRun run = run_fleet(
        under(trace, 3,
              {"duration=8 min", "scaling.policy=" + rule, "scaling.max_groups=none",
               "fleet.pool_nodes=17", "scaling.separate=true", "admission.max_queue=2000"}));
    expect_conserved(run);
    EXPECT_EQ(most_nodes(run), 16);  // of 17: units have 4
  }
}

TEST(ScalingLaws, AUnitThatNeverComesIsTriedAgainAndCharged) {
  const TemporaryFile trace(trace_of({3, 3, 3, 3, 3, 3, 3, 3}), ".csv");
  const FleetRun run =
      run_fleet(under(trace, 4,
                      {"duration=8 min", "scaling.policy=slo",
                       "scaling.start_up.failure_ratio=100 %", "scaling.start_up.timeout=2 min"}));
  expect_conserved(run);
  const observe::FleetSample& last = run.ledger.last();
  EXPECT_EQ(last.nodes_serving, 2 * kUnitNodes);
  EXPECT_GT(last.nodes_loading, 0);
  EXPECT_GT(last.decode_node_ns.loading, base::Duration(minutes(4)).count() * kUnitNodes);
}

// The same demand through ever older views costs more or keeps less, and says so.
TEST(ScalingLaws, AnOlderViewIsLater) {
  const TemporaryFile trace(trace_of({1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3}), ".csv");
  const auto first_rise = [&](const std::string& age) {
    const FleetRun run =
        run_fleet(under(trace, 5,
                        {"duration=12 min", "scaling.policy=slo", "scaling.view_age=" + age,
                         "report.interval=15 s", "scaling.slo.trend_smoothing=0 %"}));
    for (const observe::FleetSample& sample : run.ledger.samples) {
      if (sample.nodes_allotted() > 2 * kUnitNodes) {
        return base::to_seconds(sample.time - base::kWindowStart);
      }
    }
    return 1e9;
  };
  const double fresh = first_rise("0 s"), old = first_rise("2 min");
  EXPECT_NEAR(old - fresh, 120.0, 30.0);
}

// Random rules, loads, ages, budgets, starts, failures and limits together.
TEST(ScalingLaws, AnyOrderOfScalingFailuresAndLoadConserves) {
  const std::vector<std::string> drains = {"migrate", "wait"};
  const std::vector<std::string> recoveries = {"unit_restart", "mask", "mask_and_rejoin"};
  for (std::uint64_t trial = 0; trial < trials(24); ++trial) {
    base::Stream draw(base::StreamFamily(trial, "test"), 0);
    const auto pick = [&](std::uint64_t below) {
      return static_cast<std::int64_t>(draw.uniform() * static_cast<double>(below));
    };
    std::vector<double> load;
    for (int minute = 0; minute < 8; ++minute) {
      load.push_back(static_cast<double>(pick(5)));
    }
    const TemporaryFile trace(trace_of(load), ".csv");
    const std::int64_t budget = kUnitGpus * (2 + pick(6));
    const std::vector<std::string> keys = {
        "duration=8 min",
        "scaling.policy=" + kRules[static_cast<std::size_t>(pick(kRules.size()))],
        fmt::format("scaling.separate={}", pick(2) == 0 ? "true" : "false"),
        fmt::format("scaling.gpu_budget={}", budget),
        "scaling.drain=" + drains[static_cast<std::size_t>(pick(2))],
        fmt::format("scaling.interval={} s", 2 + pick(30)),
        fmt::format("scaling.view_age={} s", pick(60)),
        fmt::format("scaling.stabilisation={} s", pick(90)),
        fmt::format("scaling.drain_lead={} s", pick(30)),
        fmt::format("scaling.start_up.failure_ratio={} %", pick(40)),
        "scaling.start_up.timeout=50 s",
        "failures.node_rate=40",
        "failures.recovery=" + recoveries[static_cast<std::size_t>(pick(3))],
        fmt::format("failures.in_flight={}", pick(2) == 0 ? "lost" : "retry"),
        "failures.detection=10 s",
        "failures.repair=1 min",
        fmt::format("admission.max_concurrency={}", 500 + pick(3000)),
        "admission.total_deadline=4 min",
        fmt::format("admission.retries.limit={}", pick(3)),
    };
    std::string shown = fmt::format("trial {}:", trial);
    for (const std::string& key : keys) {
      shown += " " + key;
    }
    SCOPED_TRACE(shown);
    const config::Scenario scenario = under(trace, trial, keys);
    const FleetRun run = run_fleet(scenario);
    const observe::FleetSample& last = run.ledger.last();
    const auto in_flight = run.ledger.count(Outcome::InFlight);
    EXPECT_EQ(last.arrived, last.completed + last.rejected + last.failed + in_flight);
    EXPECT_EQ(last.arrived, static_cast<std::int64_t>(run.ledger.requests.size()));
    EXPECT_LE(most_nodes(run) * 8, budget);
    EXPECT_EQ(run_fleet(scenario).fingerprint, run.fingerprint);
  }
}

}  // namespace
}  // namespace epfleet::test
