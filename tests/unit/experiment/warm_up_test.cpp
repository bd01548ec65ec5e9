#include "../src/experiment/warm_up.h"

#include <gtest/gtest.h>

#include "epfleet/base/random.h"
#include "epfleet/experiment/run_scenario.h"
#include "support/small_fleet.h"

namespace epfleet::experiment {
namespace {

using namespace std::chrono_literals;

// A level of 1,000 that is approached with a time constant, in observations; noise of 1 %.
std::vector<double> approach(double constant, std::size_t observations) {
  base::Stream noise(base::StreamFamily(1, "test"), 0);
  std::vector<double> values;
  double gap = 1'000.0;
  for (std::size_t i = 0; i < observations; ++i) {
    values.push_back(1'000.0 - gap + 20.0 * (noise.uniform() - 0.5));
    gap -= gap / constant;
  }
  return values;
}

TEST(Mser5, CutsTheApproachAndNotMore) {
  EXPECT_LE(mser5_cut(approach(1.0, 200)), 10U);
  const std::size_t cut = mser5_cut(approach(15.0, 200));
  EXPECT_GE(cut, 45U);   // 5 % of the gap are left
  EXPECT_LE(cut, 150U);  // nothing is left; the rule is as noisy as what it looks at
  EXPECT_GT(mser5_cut(approach(200.0, 200)), 150U);  // it has not arrived
}

TEST(Mser5, AFleetThatDoesNothingIsSteady) {
  EXPECT_EQ(mser5_cut(std::vector<double>(200, 0.0)), 0U);
}

observe::FleetSample sample(base::Duration at, std::int64_t in_service) {
  observe::FleetSample s;
  s.time = base::kWindowStart + at;
  s.arrived = in_service;
  s.decode_kv_tokens = static_cast<double>(in_service);
  s.window_start = at == base::Duration{};
  return s;
}

TEST(WarmUpWatch, AStateThatStillGrowsAtTheWindowsStartIsRefused) {
  for (const bool grows : {false, true}) {
    WarmUpWatch watch(20min);
    const auto observed = approach(grows ? 150.0 : 5.0, 200);
    const auto looks = warm_up_looks(20min);
    ASSERT_EQ(looks.size(), 200U);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      watch.on_sample(
          sample(looks[i] - base::kWindowStart, static_cast<std::int64_t>(observed[i])));
    }
    if (grows) {
      EXPECT_THROW(watch.on_sample(sample(0min, 1'000)), StillDrifting);
    } else {
      EXPECT_NO_THROW(watch.on_sample(sample(0min, 1'000)));
    }
  }
}

// The numbers of a run with `auto` are those of a run with the length that it found.
TEST(WarmUp, AutoIsOneOfThreeLengthsAndSaid) {
  const auto run = [](const char* warm_up) {
    return run_scenario(test::small_fleet(1, {std::string("workload.warm_up=") + warm_up}), {});
  };
  const report::RunReport found = run("auto");
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(found.warm_up).count();
  EXPECT_TRUE(minutes == 20 || minutes == 40 || minutes == 80) << minutes;
  const report::RunReport same = run((std::to_string(minutes) + " min").c_str());
  EXPECT_EQ(found.statistics.tokens.output, same.statistics.tokens.output);
  EXPECT_EQ(found.statistics.latency.tpot.mean, same.statistics.latency.tpot.mean);
  EXPECT_NE(found.resolved_yaml.find("warm_up: auto"), std::string::npos);
}

// A window that begins before the long answers have come in looks better than the service is.
TEST(WarmUp, ATooShortOneFlatters) {
  const auto tpot = [](const char* warm_up) {
    return run_scenario(test::small_fleet(1, {std::string("workload.warm_up=") + warm_up,
                                              "workload.rate_scale=2"}),
                        {})
        .statistics.latency.tpot.mean.value();
  };
  EXPECT_LT(tpot("30 s"), 0.98 * tpot("auto"));
}

// More than the fleet carries: no warm-up is long enough, and none is waited for.
TEST(WarmUp, AnOverloadedFleetIsNotWarmedUpForHours) {
  const report::RunReport report =
      run_scenario(test::small_fleet(1, {"workload.warm_up=auto", "workload.rate_scale=60"}), {});
  EXPECT_EQ(report.warm_up, base::Duration(20min));
  EXPECT_FALSE(report.verdict.stable);
  for (const std::string& note : report.notes) {  // a longer warm-up would not help it
    EXPECT_EQ(note.find("still drifts"), std::string::npos) << note;
  }
}

TEST(WarmUp, AWindowThatStillDriftsSaysSo) {
  const auto notes_of = [](const char* warm_up) {
    std::string all;
    for (const std::string& note :
         run_scenario(test::small_fleet(
                          1, {std::string("workload.warm_up=") + warm_up, "workload.rate_scale=4"}),
                      {})
             .notes) {
      all += note + "\n";
    }
    return all;
  };
  EXPECT_NE(notes_of("0 s").find("still drifts"), std::string::npos);
  EXPECT_EQ(notes_of("40 min").find("still drifts"), std::string::npos);
}

TEST(WarmUp, ARequestTraceBringsItsOwnBeginning) {
  config::Scenario scenario = test::small_fleet(1, {"workload.warm_up=auto"});
  scenario.workload.source = workload::SourceKind::RequestTrace;
  EXPECT_EQ(with_first_warm_up(scenario).workload.warm_up, base::Duration{});
}

}  // namespace
}  // namespace epfleet::experiment
