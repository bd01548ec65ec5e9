// What balancing can do, and what the age of the balancer's view changes, on a small fleet.
//   1 <= objective(joint) <= objective(a rule that sees no load);  time(ideal) <= time(any rule)
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "epfleet/experiment/run_scenario.h"
#include "epfleet/policy/registry.h"
#include "support/small_fleet.h"
#include "support/trials.h"

namespace epfleet::test {
namespace {

metrics::RunStatistics run_seed(std::uint64_t seed, std::vector<std::string> overrides) {
  overrides.insert(overrides.begin(), {"duration=3 min", "workload.rate_scale=6"});
  experiment::RunOptions options;
  options.threads = false;
  return experiment::run_scenario(replayed_fleet(seed, std::move(overrides)), options).statistics;
}

// The larger of both imbalances is what joint minimises.
double objective(const metrics::RunStatistics& statistics) {
  const metrics::StepMeans& means = statistics.utilisation.steps;
  return std::max(*means.decode_kv_imbalance, *means.decode_request_imbalance);
}

TEST(Balancing, JointBeatsBlindRulesAtItsObjectiveAndNoRuleBeatsIdealAtTime) {
  for (std::uint64_t seed = 1; seed <= trials(3); ++seed) {
    std::map<std::string, metrics::RunStatistics> by_rule;
    for (const auto& rule : policy::decode_gpu_rules().rows()) {
      const std::string name(rule.name);
      by_rule[name] = run_seed(seed, {"decode.balancer.gpu=" + name});
    }
    const double joint = objective(by_rule["joint"]);
    const double ideal_gap = *by_rule["ideal"].latency.itl.mean;
    EXPECT_DOUBLE_EQ(objective(by_rule["ideal"]), 1.0);
    for (const auto& [name, statistics] : by_rule) {
      if (name == "ideal") {
        continue;
      }
      EXPECT_GE(objective(statistics), 1.0) << name;
      if (name == "round_robin" || name == "random") {
        EXPECT_LT(joint, objective(statistics)) << name << " seed " << seed;
      }
      EXPECT_LT(ideal_gap, *statistics.latency.itl.mean) << name << " seed " << seed;
    }
  }
}

TEST(Balancing, AnIdealPrefillUnitIsNeverSlower) {
  for (std::uint64_t seed = 1; seed <= trials(3); ++seed) {
    const auto ideal = run_seed(seed, {"prefill.balancer.gpu=ideal"});
    EXPECT_EQ(*ideal.utilisation.steps.prefill_efficiency_ratio, 1.0);
    for (const auto& rule : policy::prefill_gpu_rules().rows()) {
      const auto real = run_seed(seed, {"prefill.balancer.gpu=" + std::string(rule.name)});
      EXPECT_LE(*ideal.latency.ttft.mean, *real.latency.ttft.mean) << rule.name;
    }
  }
}

// Several units that report seldom: other choices, the same requests, and none is lost. (That it
// costs time is not a law: a balancer that knows its own placements deals them out evenly.)
TEST(Balancing, OldViewsChangeChoicesAndLoseNoRequest) {
  const std::vector<std::string> fleet = {"fleet.groups=3", "workload.rate_scale=24"};
  const auto with = [&](const std::string& age) {
    std::vector<std::string> overrides = fleet;
    overrides.push_back("prefill.balancer.view_age=" + age);
    overrides.push_back("decode.balancer.view_age=" + age);
    return run_seed(2, overrides);
  };
  const auto fresh = with("0 s");
  const auto old = with("30 s");
  EXPECT_EQ(fresh.requests.arrived, old.requests.arrived);
  EXPECT_EQ(old.requests.failed + old.requests.rejected, 0);
  EXPECT_NE(*old.latency.ttft.mean, *fresh.latency.ttft.mean);
  EXPECT_NE(*old.latency.tpot.mean, *fresh.latency.tpot.mean);
}

}  // namespace
}  // namespace epfleet::test
