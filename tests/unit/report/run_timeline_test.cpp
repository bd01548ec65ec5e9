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
