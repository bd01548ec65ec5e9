#include "epfleet/report/run_timeline.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::report {
namespace {

using nlohmann::json;
using std::chrono::seconds;

base::TimePoint at(int s) { return base::kWindowStart + seconds(s); }

class RunTimelineTest : public testing::Test {
 protected:
  ~RunTimelineTest() override { std::filesystem::remove(path_); }

  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("epfleet_timeline_") +
       testing::UnitTest::GetInstance()->current_test_info()->name() + ".json");
};

// Window 10 s to 20 s: a step before, one across its start, one inside, one across its end, one
// after; and one of the warm-up.
TEST_F(RunTimelineTest, ShowsTheStepsThatTouchTheWindow) {
  RunTimeline timeline(path_, {seconds(10), seconds(20)});
  for (const auto& [start, end] : {std::pair(-5, 11), std::pair(1, 9), std::pair(9, 12),
                                   std::pair(12, 15), std::pair(19, 25), std::pair(25, 27)}) {
    observe::DecodeStepDone step;
    step.unit = base::UnitId(3);
    step.start = at(start);
    step.end = at(end);
    step.requests = start;
    timeline.on_decode_step(step);
  }
  observe::PrefillStepDone prefill;
  prefill.unit = base::UnitId(1);
  prefill.start = at(14);
  prefill.end = at(16);
  prefill.tokens = 77;
  timeline.on_prefill_step(prefill);
  for (const int second : {-1, 5, 15, 25}) {
    observe::FleetSample sample;
    sample.time = at(second);
    sample.prefill_queue_requests = second;
    timeline.on_sample(sample);
  }
  timeline.finish();

  std::map<std::string, std::vector<json>> events;
  std::ifstream file(path_);
  const json document = json::parse(file);
  for (const json& event : document.at("traceEvents")) {
    events[event.at("ph")].push_back(event);
  }
  ASSERT_EQ(events["X"].size(), 4U);
  EXPECT_EQ(events["X"][0].at("ts"), 9e6);
  EXPECT_EQ(events["X"][0].at("dur"), 3e6);
  EXPECT_EQ(events["X"][0].at("tid"), 3);
  EXPECT_EQ(events["X"][2].at("args").at("requests"), 19);
  EXPECT_EQ(events["X"][3].at("args").at("tokens"), 77);
  ASSERT_EQ(events["C"].size(), 8U) << "the eight curves at 15 s";
  EXPECT_EQ(events["C"][0].at("args").at("value"), 15);
}

// All numbers are different, so that none can stand in the place of another.
TEST_F(RunTimelineTest, CurvesAndStepsShowTheirOwnValues) {
  RunTimeline timeline(path_, {seconds(10), seconds(20)});
  observe::FleetSample sample;
  sample.time = at(15);
  sample.prefill_queue_requests = 1;
  sample.prefill_queue_tokens = 2;
  sample.decode_waiting_requests = 3;
  sample.decode_active_requests = 4;
  sample.nodes_serving = 5;
  sample.nodes_loading = 6;
  sample.nodes_draining = 7;
  sample.nodes_down = 8;
  timeline.on_sample(sample);
  timeline.on_prefill_step({.unit = base::UnitId(9),
                            .start = at(11),
                            .end = at(12),
                            .tokens = 10,
                            .efficiency = 0.125,
                            .attention_imbalance = 1.125,
                            .token_imbalance = 1.25,
                            .expert_imbalance = 1.375});
  timeline.on_decode_step({.unit = base::UnitId(11),
                           .start = at(13),
                           .end = at(14),
                           .requests = 12,
                           .joined = 13,
                           .kv_tokens = 14.5,
                           .kv_ratio_max = 0.5,
                           .kv_ratio_mean = 0.25,
                           .kv_imbalance = 1.5,
                           .request_imbalance = 1.625,
                           .expert_imbalance = 1.75});
  timeline.finish();
  std::ifstream file(path_);
  std::map<std::string, double> curves;
  std::map<std::string, json> steps, processes;
  const json document = json::parse(file);
  for (const json& event : document.at("traceEvents")) {
    if (event.at("ph") == "C") {
      curves[event.at("name")] = event.at("args").at("value");
    } else if (event.at("ph") == "X") {
      steps[event.at("name")] = event;
    } else if (event.at("name") == "process_name") {
      processes[event.at("args").at("name")] = event.at("pid");
    }
  }
  EXPECT_EQ(curves, (std::map<std::string, double>{{"prefill queue, requests", 1},
                                                   {"prefill queue, tokens", 2},
                                                   {"decode waiting, requests", 3},
                                                   {"decode active, requests", 4},
                                                   {"nodes serving", 5},
                                                   {"nodes loading", 6},
                                                   {"nodes draining", 7},
                                                   {"nodes down", 8}}));
  const json& prefill = steps.at("prefill step");
  EXPECT_EQ(prefill.at("pid"), processes.at("prefill units"));
  EXPECT_EQ(prefill.at("tid"), 9);
  EXPECT_EQ(prefill.at("args"), json({{"tokens", 10.0},
                                      {"efficiency_ratio", 0.125},
                                      {"attention_imbalance", 1.125},
                                      {"token_imbalance", 1.25},
                                      {"expert_imbalance", 1.375}}));
  const json& decode = steps.at("decode step");
  EXPECT_EQ(decode.at("pid"), processes.at("decode units"));
  EXPECT_EQ(decode.at("tid"), 11);
  EXPECT_EQ(decode.at("args"), json({{"requests", 12.0},
                                     {"joined", 13.0},
                                     {"kv_tokens", 14.5},
                                     {"kv_ratio_max", 0.5},
                                     {"kv_imbalance", 1.5},
                                     {"request_imbalance", 1.625},
                                     {"expert_imbalance", 1.75}}));
}

TEST_F(RunTimelineTest, AMarkSaysWhatWasSeenAndWhy) {
  RunTimeline timeline(path_, {seconds(10), seconds(20)});
  for (const int second : {5, 15, 20}) {
    timeline.on_decision({at(second), "failures", "node of \"decode/0\"", "nothing yet", "so"});
  }
  timeline.finish();
  std::ifstream file(path_);
  const json mark = json::parse(file).at("traceEvents").back();
  EXPECT_EQ(mark.at("ph"), "i");
  EXPECT_EQ(mark.at("ts"), 15e6);
  EXPECT_EQ(mark.at("name"), "failures: nothing yet");
  EXPECT_EQ(mark.at("args"), json({{"saw", "node of \"decode/0\""}, {"why", "so"}}));
}

TEST_F(RunTimelineTest, WithoutAnEndItGoesOn) {
  RunTimeline timeline(path_, {seconds(1), std::nullopt});
  observe::DecodeStepDone step;
  step.start = at(100'000);
  step.end = at(100'001);
  timeline.on_decode_step(step);
  timeline.finish();
  std::ifstream file(path_);
  EXPECT_EQ(json::parse(file).at("traceEvents").back().at("ts"), 1e11);
}

TEST_F(RunTimelineTest, AFileThatCannotBeMadeOrFilledIsAMachineError) {
  EXPECT_THROW(RunTimeline("/nowhere/at/all/timeline.json", {seconds(1), std::nullopt}),
               base::MachineError);
  RunTimeline full("/dev/full", {seconds(1), std::nullopt});
  EXPECT_THROW(full.finish(), base::MachineError);
}

}  // namespace
}  // namespace epfleet::report
