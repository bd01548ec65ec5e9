// The window and its two sets: arrivals of the window, followed to their end, and what happened in
// it. No number is cut short by the window's end, and none depends on how often a run is looked at.
//     requests in service (mean over the window) = arrivals per second x mean e2e       (Little)
//     cached + computed = input
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "epfleet/experiment/run_scenario.h"
#include "epfleet/report/metric_values.h"
#include "epfleet/report/result_files.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

report::RunReport run_of(const config::Scenario& scenario) {
  experiment::RunOptions options;
  options.threads = false;
  return experiment::run_scenario(scenario, options);
}

// Three hours of two units at an even load.
const std::vector<std::string> kSteady = {"report.cool_down=1 h", "workload.warm_up=40 min",
                                          "duration=3 h", "workload.totals.output=90 million"};

TEST(WindowLaws, LittlesLawHoldsInASteadyRun) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (const char* load : {"workload.rate_scale=0.5", "workload.rate_scale=1"}) {
      std::vector<std::string> keys = kSteady;
      keys.emplace_back(load);
      const report::RunReport report = run_of(small_fleet(seed, keys));
      const metrics::RequestCounts& requests = report.statistics.requests;
      const double arrivals_per_s = static_cast<double>(requests.arrived) / report.simulated_s();
      const double little = arrivals_per_s * report.statistics.latency.e2e.mean.value();
      EXPECT_NEAR(requests.concurrent_mean.value() / little, 1.0, 0.01) << seed << " " << load;
    }
  }
}

// The answers that are still being written when the window ends are the long ones.
TEST(WindowLaws, LongAnswersOfAShortWindowAreNotMissing) {
  const report::RunReport report = run_of(small_fleet(
      1, {"report.cool_down=1 h", "duration=1 min", "workload.totals.output=500 thousand"}));
  const metrics::RequestCounts& requests = report.statistics.requests;
  EXPECT_EQ(requests.completed, requests.arrived);
  EXPECT_EQ(requests.in_flight, 0);
  EXPECT_GT(report.statistics.latency.e2e.max.value(), 60.0);
  EXPECT_LT(requests.finished_in_window, requests.arrived);
}

TEST(WindowLaws, WhatTheCoolDownCutsOffIsInFlightAndSaid) {
  const auto run = [](const char* cool_down) {
    return run_of(small_fleet(1, {std::string("report.cool_down=") + cool_down}));
  };
  const report::RunReport cut = run("0 s");
  EXPECT_GT(cut.statistics.requests.in_flight, 0);
  ASSERT_FALSE(cut.notes.empty());
  EXPECT_NE(cut.notes.back().find("had not ended when the run did"), std::string::npos);
  const report::RunReport whole = run("1 h");
  EXPECT_EQ(whole.statistics.requests.arrived, cut.statistics.requests.arrived);
  EXPECT_EQ(whole.statistics.requests.in_flight, 0);
  EXPECT_GT(whole.statistics.latency.e2e.mean, cut.statistics.latency.e2e.mean);
  // What happens in the window does not know of what comes after it.
  EXPECT_EQ(whole.statistics.tokens.input, cut.statistics.tokens.input);
  EXPECT_EQ(whole.statistics.tokens.output, cut.statistics.tokens.output);
  EXPECT_EQ(whole.statement.total.cost_usd, cut.statement.total.cost_usd);
  EXPECT_EQ(whole.statistics.requests.finished_in_window,
            cut.statistics.requests.finished_in_window);
}

// Prices change in the middle of an interval, groups come and go, the store fills.
TEST(WindowLaws, NoTotalAndNoExtremeDependsOnTheReportInterval) {
  const std::vector<std::string> keys = {
      "report.cool_down=1 h",    "start=2025-02-27T16:29+00:00",
      "scaling.policy=schedule", "scaling.schedule=[{at: 70 s, groups: 2}, {at: 95 s, groups: 0}]",
      "scaling.start_up=5 s",    "scaling.drain_lead=5 s"};
  for (const char* prices : {"prices.off_peak=16:30-16:33",
                             "prices.calendar=[{hours: 16:31-16:32, model: v3, factor: 3}, {hours: "
                             "16:30-16:33, channel: "
                             "api, factor: 50 %}, {hours: 16:32-16:33, gpu_hour: 1 USD/h}]"}) {
    decltype(report::metric_values({})) first;
    for (const char* interval : {"5 s", "2 min", "1 h"}) {
      std::vector<std::string> all = keys;
      all.emplace_back(prices);
      all.push_back(std::string("report.interval=") + interval);
      all.emplace_back("workload.warm_up=0 s");
      const auto values = report::metric_values(run_of(small_fleet(1, all)));
      if (first.empty()) {
        first = values;
      }
      for (const auto& [path, value] : values) {
        EXPECT_EQ(value, first.at(path)) << path << " at " << interval << ", " << prices;
      }
    }
  }
}

TEST(WindowLaws, CachedAndComputedAreTheInput) {
  for (const char* scale : {"workload.rate_scale=1", "workload.rate_scale=3"}) {
    const report::RunReport report = run_of(small_fleet(2, {scale}));
    const metrics::TokenSums& tokens = report.statistics.tokens;
    EXPECT_GT(tokens.input, 0);
    EXPECT_EQ(tokens.cached + tokens.computed, tokens.input);
  }
}

// Quotients of bench_serving.json have numerator and denominator of one set of requests.
TEST(WindowLaws, BenchServingIsAboutOneSetOfRequests) {
  const config::Scenario scenario = replayed_fleet(3, {"report.cool_down=1 h"});
  const auto bench = nlohmann::json::parse(report::bench_serving_json(run_of(scenario)));
  const FleetRun run = run_fleet(scenario);
  std::int64_t completed = 0, input = 0, output = 0;
  for (const observe::RequestDone& request : run.ledger.requests) {
    if (request.outcome() == observe::Outcome::Completed && run.spec.in_window(request.done)) {
      ++completed;
      input += request.prompt_tokens;
      output += request.output_tokens;
    }
  }
  EXPECT_GT(completed, 1'000);
  EXPECT_EQ(bench["completed"], completed);
  EXPECT_EQ(bench["total_input_tokens"], input);
  EXPECT_EQ(bench["total_output_tokens"], output);
  EXPECT_DOUBLE_EQ(bench["request_throughput"].get<double>(),
                   bench["completed"].get<double>() / bench["duration"].get<double>());
  EXPECT_DOUBLE_EQ(bench["output_throughput"].get<double>(),
                   bench["total_output_tokens"].get<double>() / bench["duration"].get<double>());
}

}  // namespace
}  // namespace epfleet::test
