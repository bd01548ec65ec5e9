#include "epfleet/report/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "epfleet/report/result_files.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

CheckRow only_check(const RunReport& report) {
  const auto rows = make_checks(report);
  EXPECT_EQ(rows.size(), 1U);
  return rows.at(0);
}

RunReport report_with(PublishedValue value) {
  RunReport report = sample_report();
  report.published.values = {std::move(value)};
  return report;
}

// error = simulated / published - 1 = 2112 / 1920 - 1 = 0.1
TEST(Checks, ErrorIsRelativeToThePublishedValue) {
  PublishedValue value = sample_value("cost.usd", Role::Identity, 1920.0);
  value.tolerance_ratio = 0.11;
  CheckRow row = only_check(report_with(value));
  EXPECT_EQ(row.simulated, 2112.0);
  EXPECT_NEAR(*row.error_ratio, 0.1, 1e-12);
  EXPECT_EQ(row.within, true);

  value.tolerance_ratio = 0.09;
  EXPECT_EQ(only_check(report_with(value)).within, false);
}

// A range judges by itself: 21.25 lies in 20-22 and not in 20-21, at either end included.
TEST(Checks, APublishedRangeJudgesByItsEnds) {
  PublishedValue value = sample_value("latency.output_speed_tps.mean", Role::Predicted, 21.0);
  value.published_low = 20.0;
  value.published_high = 22.0;
  EXPECT_EQ(only_check(report_with(value)).within, true);
  value.published_high = 21.25;
  EXPECT_EQ(only_check(report_with(value)).within, true);
  value.published_high = 21.0;
  EXPECT_EQ(only_check(report_with(value)).within, false);
  value.published_low = 21.5;
  value.published_high = 22.0;
  EXPECT_EQ(only_check(report_with(value)).within, false);
}

TEST(Checks, WithoutRangeOrToleranceThereIsNoVerdict) {
  const CheckRow row = only_check(report_with(sample_value("cost.usd", Role::Predicted, 2112.0)));
  EXPECT_EQ(row.error_ratio, 0.0);
  EXPECT_FALSE(row.within.has_value());
}

TEST(Checks, AnotherWindowIsNotJudged) {
  PublishedValue value = sample_value("cost.usd", Role::Identity, 2112.0);
  value.tolerance_ratio = 0.01;
  value.window_s = 7200.0;
  EXPECT_EQ(only_check(report_with(value)).within, true);
  value.window_s = 86400.0;
  const CheckRow row = only_check(report_with(value));
  EXPECT_EQ(row.simulated, 2112.0);
  EXPECT_FALSE(row.error_ratio.has_value());
  EXPECT_FALSE(row.within.has_value());
  EXPECT_EQ(row.note, "published for 24 h, simulated 2 h");
}

TEST(Checks, WhatWasNotMeasuredIsNotJudged) {
  PublishedValue value = sample_value("latency.tpot_s.mean", Role::Predicted, 0.05);
  value.tolerance_ratio = 10.0;
  const CheckRow row = only_check(report_with(value));
  EXPECT_FALSE(row.simulated.has_value());
  EXPECT_FALSE(row.within.has_value());
  EXPECT_EQ(row.note, "nothing was measured");
}

// The same figure is an input under the replayed schedule and a prediction under a scaling policy.
TEST(Checks, TheRoleFollowsFromTheRun) {
  PublishedValue value = sample_value("nodes.peak", Role::Input, 66.0);
  value.role_if_scaled = Role::Predicted;
  value.role_if_replayed = Role::Calibrated;
  RunReport report = report_with(value);
  EXPECT_EQ(only_check(report).role, Role::Input);
  report.nodes_are_chosen = true;
  EXPECT_EQ(only_check(report).role, Role::Predicted);
  report.tokens_are_replayed = true;
  EXPECT_EQ(only_check(report).role, Role::Calibrated);
}

TEST(Checks, ABandOfAnotherScenarioIsMarkedStale) {
  RunReport report = report_with(sample_value("cost.usd", Role::Predicted, 2112.0));
  EXPECT_FALSE(only_check(report).band.low.has_value());
  report.published.bands = Bands{"0123456789abcdef", {{"cost.usd", {2000.0, 2200.0}}}};
  EXPECT_EQ(only_check(report).band.low, 2000.0);
  EXPECT_EQ(only_check(report).band.high, 2200.0);
  EXPECT_FALSE(only_check(report).band_stale);
  report.trajectory_fingerprint += 1;  // another run of the same scenario: the band holds
  EXPECT_FALSE(only_check(report).band_stale);
  report.scenario_fingerprint = "0123456789abcdee";
  EXPECT_TRUE(only_check(report).band_stale);
}

// Both simulated hours earn 2112 USD; published 2112 and 2400: the second is off by 2112/2400 - 1 =
// -0.12.
TEST(Checks, NamesTheWorstHourOfTheChart) {
  RunReport report = sample_report();
  report.published.hours = {{66.0, 1056.0, 2112.0}, {66.0, 1056.0, 2400.0}, {66.0, 1056.0, 1.0}};
  const CheckRow row = only_check(report);
  EXPECT_EQ(row.published, 2400.0);
  EXPECT_NEAR(*row.error_ratio, -0.12, 1e-12);
  EXPECT_EQ(row.within, false);
  EXPECT_EQ(row.note, "the worst hour, the one from 1 h");
}

TEST(Checks, AnHourThatIsNotWholeIsNotCompared) {
  RunReport report = sample_report();
  report.published.hours = {{66.0, 1056.0, 2112.0}, {66.0, 1056.0, 2400.0}};
  report.statement.hours[1].end -= base::Duration(1);
  EXPECT_EQ(only_check(report).published, 2112.0);
}

TEST(Checks, SummaryJsonShowsThemByRole) {
  RunReport report = sample_report();
  report.published.values = {sample_value("latency.output_speed_tps.mean", Role::Predicted, 21.0),
                             sample_value("cost.usd", Role::Identity, 2112.0),
                             sample_value("cache.hit_ratio", Role::Calibrated, 0.5),
                             sample_value("tokens.input", Role::Input, 7.2e6)};
  const auto checks = nlohmann::json::parse(summary_json(report))["checks"];
  std::vector<std::string> roles;
  for (const auto& row : checks) {
    roles.push_back(row["role"].get<std::string>());
    for (const char* key :
         {"name", "role", "published", "simulated", "low", "high", "error_ratio", "source"}) {
      EXPECT_TRUE(row.contains(key)) << key;
    }
    EXPECT_TRUE(row["low"].is_null());
  }
  EXPECT_THAT(roles, ::testing::ElementsAre("input", "identity", "calibrated", "predicted"));
}

}  // namespace
}  // namespace epfleet::report
