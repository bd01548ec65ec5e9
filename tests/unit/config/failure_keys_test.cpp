// The list of failures: what it takes, what is wrong with an entry and where; what is printed can
// be read again.
#include <gmock/gmock.h>

#include "epfleet/config/key.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string list(const std::string& entry) { return "failures: {at: [" + entry + "]}\n"; }

TEST(FailureKeys, AListIsRead) {
  const ScenarioFiles files;
  const Scenario scenario = load_scenario(
      files.on_quick("start: 2025-02-27T12:00+08:00\n" +
                     list("{time: 2 min, what: node, unit: decode/0, gpu: 143},"
                          "{time: \"12:05\", what: nic, unit: prefill/2, for: 30 s, share: 25 %},"
                          "{time: 1 s, what: store, for: 1 min}")));
  const auto& at = scenario.failures.at;
  ASSERT_EQ(at.size(), 3U);
  EXPECT_EQ(at[0].time, 2min);
  EXPECT_EQ(at[0].what, cluster::FailureKind::Node);
  EXPECT_EQ(at[0].unit, (cluster::UnitName{cluster::UnitKind::Decode, 0}));
  EXPECT_EQ(at[0].gpu, 143);
  EXPECT_FALSE(at[0].lasts);
  EXPECT_EQ(at[1].time, 5min);
  EXPECT_EQ(at[1].unit, (cluster::UnitName{cluster::UnitKind::Prefill, 2}));
  EXPECT_EQ(at[1].lasts, 30s);
  EXPECT_EQ(at[1].share, 0.25);
  EXPECT_FALSE(at[2].unit);
}

TEST(FailureKeys, WhatIsPrintedIsReadAgain) {
  const ScenarioFiles files;
  const Scenario scenario = load_scenario(
      files.on_quick(list("{time: 90 s, what: straggler, unit: decode/0, gpu: 7, share: 12.5 %},"
                          "{time: 1 min, what: store, for: 1 s}")));
  const std::string printed = find_key("failures.at")->print(scenario);
  const std::string indented = "failures:\n  at:" + [&] {
    std::string text;
    for (const char c : printed) {
      text += c == '\n' ? std::string("\n    ") : std::string(1, c);
    }
    return text;
  }() + "\n";
  const Scenario again = load_scenario(files.on_quick(indented));
  EXPECT_EQ(find_key("failures.at")->print(again), printed);
}

TEST(FailureKeys, AWrongEntrySaysWhatIsWrongAndTheRemedy) {
  const ScenarioFiles files;
  const struct {
    const char* entry;
    const char* what;
    const char* remedy;
  } kCases[] = {
      {"{what: node, unit: decode/0}", "is not {time, what, ...}",
       "write for example {time: 30 min"},
      {"{time: 1 min, what: disk, unit: decode/0}", "'disk' is not a kind of failure",
       "choose from node, gpu, nic, straggler, store"},
      {"{time: 1 min, what: node, unit: decode}", "'decode' is not a unit",
       "write prefill/N or decode/N, N from 0"},
      {"{time: 1 min, what: node, unit: decode/x}", "'decode/x' is not a unit",
       "for example decode/0"},
      {"{time: 1 min, what: node, unit: verify/0}", "'verify/0' is not a unit", "decode/N"},
      {"{time: 1 min, what: node, unit: decode/-1}", "'decode/-1' is not a unit", "decode/N"},
      {"{time: 60, what: node, unit: decode/0}", "failure 1", "30 min"},
      {"{time: \"25:00\", what: node, unit: decode/0}", "'25:00' is not a time of day", "HH:MM"},
      {"{time: 1 min, what: node}", "a node is lost of a unit, and none is named",
       "unit: decode/0"},
      {"{time: 1 min, what: store, unit: decode/0}", "the store is not part of a unit",
       "leave its unit out"},
      {"{time: 1 min, what: node, unit: decode/0, share: 50 %}", "a share is left of a slow NIC",
       "leave it out"},
      {"{time: 1 min, what: nic, unit: decode/0, share: 0}", "out of range",
       "share 0.1 % to 100 %"},
      {"{time: 1 min, what: nic, unit: decode/0, for: 0 s}", "out of range", "for above 0 s"},
      {"{time: 1 min, what: gpu, unit: decode/0, gpus: 2}", "a failure has no 'gpus'",
       "time, what, unit, gpu, for and share"},
      {"{time: 1 min, what: gpu, unit: decode/3}",
       "names decode/3, but the fleet has 1 decode units", "choose decode/0 to decode/0"},
      {"{time: 1 min, what: gpu, unit: prefill/0, gpu: 32}",
       "names GPU 32 of prefill/0, which has 32", "choose 0 to 31"},
      {"{time: 9 h, what: gpu, unit: prefill/0}",
       "has a failure after 32400 s, when the run is over", "choose an earlier time"},
  };
  for (const auto& wrong : kCases) {
    const std::string error = files.error_of(files.on_quick(list(wrong.entry)));
    EXPECT_THAT(error, HasSubstr("failures.at")) << wrong.entry;
    EXPECT_THAT(error, HasSubstr("scenario.yaml:2:")) << wrong.entry;
    EXPECT_THAT(error, HasSubstr(wrong.what)) << wrong.entry;
    EXPECT_THAT(error, HasSubstr(wrong.remedy)) << wrong.entry;
  }
  EXPECT_THAT(files.error_of(files.on_quick("failures: {at: node}\n")), HasSubstr("is not a list"));
}

TEST(FailureKeys, SpareNodesComeOutOfThePool) {
  const ScenarioFiles files;
  EXPECT_EQ(files.error_of(files.on_quick("fleet: {pool_nodes: 30}\n")), "");
  EXPECT_THAT(
      files.error_of(files.on_quick("fleet: {pool_nodes: 30}\nfailures: {spare_nodes: 1}\n")),
      HasSubstr("has 30 nodes, but the largest allotment with the spare nodes needs 31"));
}

}  // namespace
}  // namespace epfleet::config
