// Does a sweep file come to the cases that its reader expects?
#include "epfleet/experiment/sweep_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../config/scenario_files.h"

namespace epfleet::experiment {
namespace {

using config::kConfigs;
using config::load_scenario;
using config::ScenarioFiles;
using testing::HasSubstr;

std::vector<std::string> texts(const SweepCase& one) {
  std::vector<std::string> texts;
  for (const Setting& setting : one.settings) {
    texts.push_back(setting.override_text());
  }
  return texts;
}

TEST(SweepFile, AGridIsEveryCombinationTheLastKeyFastest) {
  const ScenarioFiles files;
  const SweepFile sweep = load_sweep(files.write("s.yaml", R"(
scenario: quick.yaml
set: {decode: {mtp: {acceptance: 0.7}}, workload.rate_scale: 2}
grid:
  decode.balancer: [joint, random]
  prefill: {gpus: [32, 64]}
replicates: 3
)"));
  EXPECT_EQ(sweep.name, "s");
  EXPECT_EQ(sweep.scenario, files.path("quick.yaml"));
  EXPECT_EQ(sweep.replicates, 3);
  EXPECT_THAT(texts({"", sweep.set}),
              testing::ElementsAre("decode.mtp.acceptance=\"0.7\"", "workload.rate_scale=\"2\""));
  const std::vector<SweepCase> cases = cases_of(sweep);
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_THAT(texts(cases[1]),
              testing::ElementsAre("decode.balancer=joint", "prefill.gpus=\"64\""));
  EXPECT_THAT(texts(cases[2]),
              testing::ElementsAre("decode.balancer=random", "prefill.gpus=\"32\""));
}

TEST(SweepFile, NamedCasesMeetTheWholeGrid) {
  const ScenarioFiles files;
  const SweepFile sweep = load_sweep(files.write("s.yaml", R"(
scenario: quick.yaml
cases:
  - {name: plain}
  - {name: odd, scaling.schedule: [{at: "00:00", groups: 2}], experts: {skew: none}}
grid: {workload.rate_scale: [1, 2]}
)"));
  const std::vector<SweepCase> cases = cases_of(sweep);
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_EQ(cases[3].name, "odd");
  EXPECT_THAT(texts(cases[3]),
              testing::ElementsAre("scaling.schedule=[{at: \"00:00\", groups: \"2\"}]",
                                   "experts.skew=none", "workload.rate_scale=\"2\""));
}

TEST(SweepFile, AGridThatNeverEndsIsRefused) {
  const ScenarioFiles files;
  std::string values = "[1";
  for (int i = 2; i <= 200; ++i) {
    values += ", " + std::to_string(i);
  }
  values += "]";
  const SweepFile sweep = load_sweep(
      files.write("s.yaml", "scenario: quick.yaml\ngrid: {fleet.groups: " + values +
                                ", prefill.gpus: " + values + ", decode.gpus: " + values + "}\n"));
  EXPECT_THROW((void)cases_of(sweep), base::InputError);
}

// Every guess that the scenario does not already have at that end, low and high, beside the central
// case: moved and nothing else.
TEST(SweepFile, GuessesAreTwoCasesEach) {
  const ScenarioFiles files;
  const SweepFile sweep =
      load_sweep(files.write("s.yaml", "scenario: " + kConfigs + "/quick.yaml\nguesses: true\n"));
  const std::vector<SweepCase> cases = cases_of(sweep);
  EXPECT_EQ(cases.front().name, "central");
  EXPECT_GT(cases.size(), 20U);
  for (std::size_t i = 1; i < cases.size(); ++i) {
    ASSERT_EQ(cases[i].settings.size(), 1U);
    const Setting& moved = cases[i].settings.front();
    const config::Scenario scenario =
        load_scenario(sweep.scenario, std::vector{moved.override_text()});
    EXPECT_NE(value_of(scenario, moved.key), value_of(load_scenario(sweep.scenario), moved.key));
    EXPECT_THAT(cases[i].name, HasSubstr(moved.key));
  }
}

TEST(SweepFile, PathsStartFromTheSweepsFolder) {
  const ScenarioFiles files;
  std::filesystem::create_directories(files.path("sweeps"));
  files.write("sweeps/shape.csv", "x\n");
  const SweepFile sweep = load_sweep(files.write(
      "sweeps/s.yaml", "scenario: ../quick.yaml\nset: {workload.hourly_shape: shape.csv}\n"));
  EXPECT_THAT(texts({"", sweep.set}),
              testing::ElementsAre("workload.hourly_shape=sweeps/shape.csv"));
}

TEST(SweepFile, AllProblemsAtOnceWithTheirPlaces) {
  const ScenarioFiles files;
  try {
    (void)load_sweep(files.write("s.yaml", "grid:\n  decode.gpuz: [1]\nreplicate: 2\n"));
    FAIL() << "accepted";
  } catch (const base::InputError& error) {
    ASSERT_EQ(error.problems().size(), 3U);
    EXPECT_THAT(error.problems()[0].text(), HasSubstr("s.yaml:2:3: decode.gpuz: unknown key"));
    EXPECT_THAT(error.problems()[1].text(),
                HasSubstr("s.yaml:3:1: replicate: a sweep has no such"));
    EXPECT_THAT(error.problems()[2].text(), HasSubstr("scenario: is missing"));
  }
}

// What a sweep silently took for something else once: yes for false, 2.5 for 2, a value for a grid.
TEST(SweepFile, ValuesOfTheWrongTypeAreRefused) {
  const ScenarioFiles files;
  for (const auto& [text, said] :
       {std::pair("guesses: yes", "guesses: 'yes' is neither true nor false"),
        {"guesses: [true]", "guesses: '' is neither true nor false"},
        {"replicates: 2.5", "replicates: is not a whole number"},
        {"replicates: 1e9", "replicates: '1e9' is not a number from 1 to 10000"},
        {"grid: 5", "grid: is not a group of keys"},
        {"grid: [decode.gpus]", "grid: is not a group of keys"},
        {"claims: [{claim: a, says: b, case: c, metric: cost.usd, ober: d}]",
         "claims.ober: a claim has no such entry"},
        {"name: [a]", "name: is not one value"}}) {
    const std::string path = files.write("s.yaml", std::string("scenario: quick.yaml\n") + text);
    try {
      (void)load_sweep(path);
      ADD_FAILURE() << text;
    } catch (const base::InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
}

}  // namespace
}  // namespace epfleet::experiment
