// Keys of traffic and fleets in plain numbers: what chooses them, what they take back of the files
// below, and what contradicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epfleet/config/explain.h"
#include "epfleet/config/resolved.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using workload::SourceKind;

const std::string kPlain =
    "workload: {rate: 400/s, arrivals: constant, input: 4000, output: {mean: 1100, cv: 1}}\n";

TEST(PlainKeys, ARateOnTopOfConversationsMakesTheTrafficPlain) {
  const ScenarioFiles files;
  for (const auto& scenario :
       {load_scenario(files.on_quick(kPlain)),
        load_scenario(kConfigs + "/quick.yaml",
                      std::vector<Override>{"workload.rate=400/s", "workload.arrivals=constant",
                                            "workload.input=4000",
                                            "workload.output={mean: 1100, cv: 1}"})}) {
    EXPECT_EQ(scenario.workload.source, SourceKind::Plain);
    EXPECT_EQ(scenario.workload.plain.rate, 400.0);
    EXPECT_EQ(scenario.workload.plain.input.mean, 4000.0);
    EXPECT_EQ(scenario.workload.plain.output.cv, 1.0);
    EXPECT_EQ(scenario.workload.plain.process, workload::ArrivalProcess::Constant);
    EXPECT_FALSE(scenario.workload.totals.input);
    EXPECT_EQ(scenario.duration, 10min);
  }
}

TEST(PlainKeys, TheNearestStatementOfTheLoadHolds) {
  const ScenarioFiles files;
  files.write("below.yaml", "extends: " + kConfigs + "/quick.yaml\n" + kPlain);
  const auto on_top = [&](const std::string& text) {
    return load_scenario(files.write("top.yaml", "extends: below.yaml\n" + text));
  };
  const Scenario closed = on_top("workload: {concurrency: 50}\n");
  EXPECT_EQ(closed.workload.plain.concurrency, 50);
  EXPECT_FALSE(closed.workload.plain.rate);
  EXPECT_EQ(closed.workload.plain.input.mean, 4000.0);
  const Scenario counted = on_top("workload: {requests: 100}\n");
  EXPECT_TRUE(counted.ends_by_itself);
  EXPECT_EQ(counted.workload.plain.rate, 400.0);
  const Scenario sessions = on_top("workload: {totals: {output: 1 million}}\n");
  EXPECT_EQ(sessions.workload.source, SourceKind::Sessions);
  EXPECT_FALSE(sessions.workload.plain.rate);
}

TEST(PlainKeys, AResolvedScenarioIsTheSameScenario) {
  const ScenarioFiles files;
  for (const std::string& more :
       {std::string("workload: {requests: 1000, arrivals: {process: gamma, cv: 2}}\n"),
        std::string("workload: {stages: [{for: 5 min, rate: 100/s}, {for: 90 s, to: 0.5/s}], "
                    "hit_ratio: 56.3 %}\n"),
        std::string("workload: {concurrency: 5000, think: 2 s, scale: {input: 3}}\n"),
        std::string("fleet: {prefill_units: 6, decode_units: 2}\n")}) {
    files.write("below.yaml", "extends: " + kConfigs + "/quick.yaml\n" + kPlain);
    const Scenario first =
        load_scenario(files.write("first.yaml", "extends: below.yaml\n" + more));
    const Scenario second = load_scenario(files.write("second.yaml", resolved_document(first)));
    EXPECT_EQ(all_values(first), all_values(second));
    EXPECT_EQ(scenario_fingerprint(first), scenario_fingerprint(second));
    EXPECT_EQ(resolved_document(first).find("fleet:\n  prefill_units"), std::string::npos);
  }
}

// Bands and comparisons of older results stay good: a key that is not used is no difference.
TEST(PlainKeys, UnusedKeysLeaveOlderFingerprintsAsTheyAre) {
  const ScenarioFiles files;
  const auto fingerprint = [&](const std::string& text) {
    return scenario_fingerprint(load_scenario(files.on_quick(text)));
  };
  EXPECT_EQ(fingerprint(""), fingerprint("workload: {scale: {input: 1}}\n"));
  EXPECT_NE(fingerprint(""), fingerprint("workload: {scale: {input: 3}}\n"));
}

TEST(PlainKeys, StagesDecideTheWindowUnlessADurationIsStated) {
  const ScenarioFiles files;
  const std::string stages =
      "workload: {stages: [{for: 5 min, rate: 100/s}, {for: 10 min, to: 400/s}], input: 4000, "
      "output: 100}\n";
  EXPECT_TRUE(load_scenario(files.on_quick(stages)).ends_by_itself);
  const Scenario stated = load_scenario(files.on_quick(stages + "duration: 2 min\n"));
  EXPECT_FALSE(stated.ends_by_itself);
  EXPECT_EQ(stated.duration, 2min);
}

TEST(PlainKeys, ContradictionsAreRefusedWithARemedyAndAllAtOnce) {
  const ScenarioFiles files;
  const auto said = [&](const std::string& text) { return files.error_of(files.on_quick(text)); };
  const std::string lengths = "input: 4000, output: 1100";
  EXPECT_THAT(said("workload: {rate: 1/s, concurrency: 5, " + lengths + "}\n"),
              HasSubstr("workload.rate: is stated, and workload.concurrency too"));
  EXPECT_THAT(said("workload: {rate: 1/s, stages: [{for: 1 s, rate: 1/s}], " + lengths + "}\n"),
              HasSubstr("workload.rate: is stated, and workload.stages too"));
  EXPECT_THAT(said("workload: {rate: 1/s, totals: {input: 5 million}, " + lengths + "}\n"),
              HasSubstr("scenario.yaml:2:39: workload.totals.input: is a total of conversations"));
  EXPECT_THAT(said("workload: {rate: 1/s, hourly_shape: x.csv, " + lengths + "}\n"),
              HasSubstr("workload.hourly_shape: is a shape of other traffic"));
  EXPECT_THAT(said("duration: 1 h\nworkload: {rate: 1/s, requests: 5, " + lengths + "}\n"),
              HasSubstr("workload.requests: is stated, and duration too"));
  EXPECT_THAT(said("workload: {source: sessions, rate: 1/s, " + lengths + "}\n"),
              HasSubstr("workload.rate: is stated, but workload.source is not plain"));
  EXPECT_THAT(said("duration: auto\n"), HasSubstr("duration: is auto, but the traffic has no end"));
  EXPECT_THAT(said("workload: {rate: 400, " + lengths + "}\n"),
              HasSubstr("workload.rate: '400' has no unit"));
  EXPECT_THAT(said("workload: {rate: 1/s, input: {mean: 4000, max: 3000, cv: 1}}\n"),
              AllOf(HasSubstr("workload.input.mean: does not lie between"),
                    HasSubstr("workload.output.mean: is not stated")));
  EXPECT_THAT(said("workload: {rate: 1/s, input: {min: 50}, output: {mean: 5, min: 1}}\n"),
              AllOf(HasSubstr("workload.input.max: is not stated, and law uniform"),
                    HasSubstr("workload.output.min: is stated, but all are as long")));
  EXPECT_THAT(said("workload: {rate: 1/s, input: 60000, output: 9000}\n"),
              HasSubstr("more than the context limit of 65536"));
  EXPECT_THAT(said("workload: {rate: 1/s, arrivals: {cv: 2}, " + lengths + "}\n"),
              HasSubstr("only process gamma has a cv"));
  EXPECT_THAT(said("workload: {stages: [{for: 1 s, rate: 1/s},\n    {for: 2, to: 1/s}], " + lengths +
                   "}\n"),
              HasSubstr("scenario.yaml:3:5: workload.stages: stage 2: '2' has no unit"));
}

TEST(PlainFleet, UnitsAloneAreAFleetWithoutGroups) {
  const ScenarioFiles files;
  const std::string day = "extends: " + kConfigs + "/deepseek_day.yaml\n";
  for (const auto& scenario :
       {load_scenario(files.write("a.yaml", day + "fleet: {prefill_units: 6, decode_units: 2}\n")),
        load_scenario(kConfigs + "/deepseek_day.yaml",
                      std::vector<Override>{"fleet.prefill_units=6", "fleet.decode_units=2"})}) {
    EXPECT_EQ(scenario.fleet.base, (policy::UnitCounts{6, 2}));
    EXPECT_EQ(scenario.fleet.group, policy::UnitCounts{});
    EXPECT_EQ(scenario.fleet.groups, 0);
    EXPECT_EQ(scenario.scaling.policy, "fixed");
    EXPECT_TRUE(scenario.scaling.schedule.empty());
  }
  files.write("below.yaml", day + "fleet: {prefill_units: 6, decode_units: 2}\n");
  const Scenario more =
      load_scenario(files.write("top.yaml", "extends: below.yaml\nfleet: {prefill_units: 8}\n"));
  EXPECT_EQ(more.fleet.base, (policy::UnitCounts{8, 2}));
}

TEST(PlainFleet, ShortAndLongFormTogetherAreRefused) {
  const ScenarioFiles files;
  const auto said = [&](const std::string& text) { return files.error_of(files.on_quick(text)); };
  EXPECT_THAT(said("fleet: {prefill_units: 6, decode_units: 2, groups: 1}\n"),
              HasSubstr("fleet.prefill_units: is the fleet without groups, and fleet.groups says"));
  EXPECT_THAT(said("fleet: {prefill_units: 6, decode_units: 2, base: {decode_units: 1}}\n"),
              HasSubstr("leave fleet.base.decode_units out"));
}

const std::string kClasses =
    "workload:\n  rate: 60/s\n  input: 3000\n  output: 800\n  classes:\n"
    "    chat: {share: 70 %, priority: 1, objectives: {ttft: 2 s, quantile: 95 %}}\n"
    "    batch: {share: 30 %, input: {mean: 8000, cv: 1}, prices: {miss: 0.2 USD/M}}\n";

TEST(OwnClasses, HaveAnyNameAndAreKeysLikeAllOthers) {
  const ScenarioFiles files;
  const Scenario first = load_scenario(files.on_quick(kClasses),
                                       std::vector<Override>{"workload.classes.batch.output=50"});
  const auto& classes = first.workload.plain.classes;
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0].name, "chat");
  EXPECT_EQ(classes[0].objectives.ttft, 2s);
  EXPECT_EQ(classes[1].output.mean, 50.0);
  EXPECT_EQ(classes[1].prices.miss, 0.2);
  EXPECT_EQ(value_of(first, "workload.classes.chat.share"), "0.7");
  EXPECT_THAT(explain("workload.classes.chat.priority"), HasSubstr("workload.classes.NAME.priority"));
  const Scenario second = load_scenario(files.write("again.yaml", resolved_document(first)));
  EXPECT_EQ(resolved_document(second).find("NAME"), std::string::npos);
  EXPECT_EQ(scenario_fingerprint(first), scenario_fingerprint(second));
  EXPECT_NE(scenario_fingerprint(first), scenario_fingerprint(load_scenario(files.on_quick(kClasses))));
}

TEST(OwnClasses, WithRatesOfTheirOwnNeedNoOther) {
  const ScenarioFiles files;
  files.write("below.yaml", "extends: " + kConfigs + "/quick.yaml\n" + kPlain);
  const Scenario scenario = load_scenario(files.write(
      "top.yaml", "extends: below.yaml\nworkload: {classes: {a: {rate: 20/s}, b: {rate: 5/s}}}\n"));
  EXPECT_FALSE(scenario.workload.plain.rate);
  EXPECT_EQ(scenario.workload.plain.total_rate(), 25.0);
  EXPECT_EQ(scenario.workload.plain.shares(), (std::vector<double>{0.8, 0.2}));
}

TEST(OwnClasses, ContradictionsAreRefused) {
  const ScenarioFiles files;
  const auto said = [&](const std::string& more) {
    return files.error_of(files.on_quick(kClasses + more));
  };
  EXPECT_THAT(said("    free: {share: 10 %}\n"), HasSubstr("shares of the classes sum to 1.1"));
  EXPECT_THAT(said("    free: {rate: 10/s}\n"),
              HasSubstr("workload.classes.free.rate: is stated, and the load of all classes too"));
  EXPECT_THAT(said("    free: {}\n    paid: {input: 5}\n"),
              HasSubstr("workload.classes.paid.share: is not stated"));
  EXPECT_THAT(said("    free: {share: 10 %, objectives: {quantile: 95 %}}\n"),
              HasSubstr("workload.classes.free.objectives.quantile: is stated without a limit"));
  EXPECT_THAT(said("    agent: {share: 10 %}\n"),
              HasSubstr("for plain traffic choose a class name of your own"));
  EXPECT_THAT(said("    free: {share: 10 %, think: 3 s}\n"),
              HasSubstr("workload.classes.free.think: unknown key"));
  EXPECT_THAT(files.error_of(files.on_quick("workload: {classes: {chatr1: {priority: 2}}}\n")),
              HasSubstr("workload.classes.chatr1: is a class of plain traffic, and the traffic is "
                        "not plain; did you mean 'chat_r1'?"));
}

TEST(PlainKeys, AreExplainedAndInTheSchema) {
  EXPECT_THAT(explain("workload.rate"), HasSubstr("rate (/d, /h, /min, /s, requests/s)"));
  EXPECT_THAT(explain("workload.input"), HasSubstr("workload.input.cv"));
  EXPECT_THAT(explain("fleet.prefill_units"), HasSubstr("short form"));
}

}  // namespace
}  // namespace epfleet::config
