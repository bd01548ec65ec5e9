// Service-level objectives as the Recorder judges them.
#include <gtest/gtest.h>

#include "epfleet/metrics/recorder.h"
#include "synthetic_facts.h"

namespace epfleet::metrics {
namespace {

using namespace testing;
using namespace std::chrono_literals;

RecorderConfig judged(SloLimit ttft, SloLimit tpot) {
  RecorderConfig config;
  config.duration = 10min;
  config.slo = {.ttft = ttft, .tpot = tpot, .window = 5min};
  return config;
}

// A request whose first token takes `ttft` and each of its 100 further tokens `tpot`.
RequestDone request(Duration arrival, Duration ttft, Duration tpot) {
  return completed({.arrival = arrival, .queue = 0s, .prefill = ttft, .decode = 100 * tpot}, 1000,
                   101);
}

RunStatistics end_of(Recorder& recorder) {
  recorder.on_sample(sample(0s, true));
  recorder.on_sample(sample(10min, false, true));
  return recorder.statistics();
}

// Attainment = requests within every limit / (completed + rejected + failed) = 1 / 5: one is good,
// one slow to start, one slow to go on, one rejected, one failed; in flight does not count. A limit
// is kept by a request that takes exactly that long. Goodput = 1 / 600 s.
TEST(Slo, AttainmentNeedsEveryLimit) {
  Recorder recorder(judged({.limit = 2s, .quantile = {}}, {.limit = 50ms, .quantile = {}}));
  announce(recorder, request(1s, 2s, 50ms));
  announce(recorder, request(1s, 2s + 1ns, 50ms));
  announce(recorder, request(1s, 1s, 51ms));
  announce(recorder, refused(Ending::ContextBeyondLimit, 1s));
  announce(recorder, refused(Ending::GaveUp, 1s));
  announce(recorder, refused(Ending::EndOfRun, 1s));
  const SloResult slo = end_of(recorder).slo;
  EXPECT_DOUBLE_EQ(*slo.attainment_ratio, 1.0 / 5.0);
  EXPECT_DOUBLE_EQ(*slo.goodput_rps, 1.0 / 600.0);
  EXPECT_DOUBLE_EQ(*slo.ttft.within_ratio, 2.0 / 5.0);
  EXPECT_DOUBLE_EQ(*slo.tpot.within_ratio, 2.0 / 5.0);
  EXPECT_FALSE(slo.windows_met);
}

// A one-token answer has no TPOT to miss.
TEST(Slo, OneTokenKeepsAnyTpot) {
  Recorder recorder(judged({.limit = 2s, .quantile = {}}, {.limit = 1ns, .quantile = {}}));
  announce(recorder, completed({}, 1000, 1));
  const SloResult slo = end_of(recorder).slo;
  EXPECT_DOUBLE_EQ(*slo.attainment_ratio, 1.0);
  EXPECT_FALSE(slo.tpot.within_ratio);
}

// p90 of TTFT within 2 s, by 5 minutes of arrivals: 9 of 10 meets it, 8 of 10 does not.
TEST(Slo, AQuantileIsJudgedPerWindow) {
  Recorder recorder(judged({.limit = 2s, .quantile = 0.9}, {}));
  for (int i = 0; i < 10; ++i) {
    announce(recorder, request(1min, i < 9 ? 1s : 3s, 10ms));
    announce(recorder, request(5min, i < 8 ? 1s : 3s, 10ms));
  }
  const SloResult slo = end_of(recorder).slo;
  EXPECT_EQ(slo.ttft.windows, 2);
  EXPECT_EQ(slo.ttft.windows_met, 1);
  EXPECT_EQ(slo.windows_met, false);
  EXPECT_DOUBLE_EQ(*slo.attainment_ratio, 17.0 / 20.0);
}

TEST(Slo, WithoutLimitsCompletingIsEnough) {
  Recorder recorder(judged({}, {}));
  announce(recorder, request(1s, 100s, 10s));
  announce(recorder, refused(Ending::GaveUp, 1s));
  const SloResult slo = end_of(recorder).slo;
  EXPECT_DOUBLE_EQ(*slo.attainment_ratio, 0.5);
  EXPECT_FALSE(slo.ttft.within_ratio || slo.windows_met);
}

}  // namespace
}  // namespace epfleet::metrics
