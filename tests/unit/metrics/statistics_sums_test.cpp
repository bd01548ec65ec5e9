#include "epfleet/metrics/statistics_sums.h"

#include <gtest/gtest.h>

#include "synthetic_facts.h"

namespace epfleet::metrics {
namespace {

std::string difference_of(const RunStatistics& run) {
  base::SumCheck check;
  check_sums(check, run);
  return check.difference().value_or("none");
}

// Two requests and two samples of the window.
RunStatistics some_run() {
  RecorderConfig minute;
  minute.duration = std::chrono::seconds(60);
  Recorder recorder(minute);
  const std::vector<observe::RequestDone> requests = {
      testing::completed({}, 100, 10),
      testing::refused(observe::Ending::QueueLimit, std::chrono::seconds(1))};
  recorder.on_requests_done(requests);
  observe::FleetSample sample;
  sample.time = base::kWindowStart;
  sample.window_start = true;
  recorder.on_sample(sample);
  sample.time += std::chrono::seconds(60);
  sample.window_start = false;
  sample.window_end = true;
  sample.tokens[0][0] = {.input = 100, .cached = 40, .output = base::TokenParts(2'600)};
  sample.prefill_node_ns.busy = 7;
  recorder.on_sample(sample);
  return recorder.statistics();
}

TEST(StatisticsSums, AreRightOfARun) { EXPECT_EQ(difference_of(some_run()), "none"); }

TEST(StatisticsSums, NameWhatIsNotTheSumOfItsParts) {
  RunStatistics run = some_run();
  ++run.requests.arrived;
  EXPECT_EQ(difference_of(run),
            "statistics: number of requests that arrived is 3, made anew it is 2");
  run = some_run();
  ++run.requests.by_ending[static_cast<std::size_t>(observe::Ending::Shed)];
  EXPECT_EQ(difference_of(run), "statistics: rejected is 1, made anew it is 2");
  run = some_run();
  run.intervals.pop_back();
  EXPECT_NE(difference_of(run).find("statistics, intervals, count"), std::string::npos);
  run = some_run();
  run.tokens.computed = 61;
  EXPECT_EQ(difference_of(run), "statistics: computed tokens is 61, made anew it is 60");
}

}  // namespace
}  // namespace epfleet::metrics
