// The load of a phase is work done over what full steps carry: 1 in a fleet that is full, and the
// share of the largest load that still fits in one that is not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "epfleet/experiment/run_scenario.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

report::RunReport run_at(double rate_scale, std::vector<std::string> keys = {},
                         std::uint64_t seed = 1) {
  keys.insert(keys.begin(),
              {"workload.warm_up=20 min", "duration=20 min", "workload.totals.output=10 million",
               "report.cool_down=20 min", fmt::format("workload.rate_scale={}", rate_scale)});
  return experiment::run_scenario(small_fleet(seed, keys), {});
}

const std::vector<std::string> kDecodeBinds = {"fleet.base.prefill_units=3"};

TEST(Load, AFullPhaseHasLoadOne) {
  const report::RunReport prefill = run_at(12.0);
  EXPECT_NEAR(prefill.load.prefill_ratio.value(), 1.0, 0.05);
  EXPECT_EQ(prefill.verdict.binds, "prefill");
  const report::RunReport decode = run_at(13.0, kDecodeBinds);
  EXPECT_NEAR(decode.load.decode_ratio.value(), 1.0, 0.05);
  EXPECT_EQ(decode.verdict.binds, "decode");
}

// Busy says nothing: with a twentieth of the load units are in a step most of the time.
TEST(Load, ALittleLoadIsLittleEvenIfUnitsAreBusy) {
  const report::RunReport report = run_at(0.5);
  EXPECT_GT(report.statistics.utilisation.decode_busy_ratio.value(), 0.5);
  EXPECT_LT(report.load.decode_ratio.value(), 0.06);
  EXPECT_LT(report.load.prefill_ratio.value(), 0.06);
  EXPECT_GT(report.statement.total.idle_usd, 0.9 * report.statement.total.cost_usd);
}

// What the headroom says is found by trying: 5 % below it the service still meets what it promises.
// The load of twenty minutes differs by 2-3 % from seed to seed, so the edge is a mean.
TEST(Verdict, HeadroomIsWhereASearchFindsTheEdge) {
  constexpr std::uint64_t kSeeds = 6;
  double headroom = 0.0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    headroom += run_at(7.0, {}, seed).verdict.headroom_ratio.value() / static_cast<double>(kSeeds);
  }
  const double edge = 7.0 * (1.0 + headroom);
  EXPECT_TRUE(run_at(0.95 * edge).verdict.stable);
  EXPECT_FALSE(run_at(1.05 * edge).verdict.stable);

  std::vector<std::string> objective = kDecodeBinds;
  objective.emplace_back("slo.tpot.limit=40 ms");
  const report::RunReport fast = run_at(4.0, objective);
  EXPECT_EQ(fast.verdict.binds, "decode");
  const double most = 4.0 * (1.0 + fast.verdict.headroom_ratio.value());
  EXPECT_EQ(run_at(0.95 * most, objective).verdict.meets_slo, true);
  EXPECT_EQ(run_at(1.05 * most, objective).verdict.meets_slo, false);
}

// It earns more per GPU hour than one that keeps up, and meets nothing.
TEST(Verdict, AnOverloadedRunDoesNotLookGood) {
  const report::RunReport report = run_at(20.0);
  EXPECT_FALSE(report.verdict.stable);
  EXPECT_EQ(report.verdict.meets_slo, false);
  EXPECT_LT(report.verdict.headroom_ratio.value(), -0.3);
  EXPECT_FALSE(report.verdict.why.empty());
}

}  // namespace
}  // namespace epfleet::test
