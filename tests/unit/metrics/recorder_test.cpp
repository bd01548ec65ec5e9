#include "epfleet/metrics/recorder.h"

#include <gtest/gtest.h>

#include "epfleet/base/error.h"
#include "synthetic_facts.h"

namespace epfleet::metrics {
namespace {

using namespace testing;
using namespace std::chrono_literals;

RecorderConfig ten_minutes() {
  RecorderConfig config;
  config.duration = 10min;
  return config;
}

// The samples of an empty fleet, one a minute.
void sample_all(Recorder& recorder) {
  for (int minute = 0; minute <= 10; ++minute) {
    recorder.on_sample(sample(std::chrono::minutes(minute), minute == 0, minute == 10));
  }
}

// arrived = completed + rejected + failed + in_flight, of those with arrival in [0, duration).
TEST(Recorder, CountsRequestsByArrivalInTheWindow) {
  Recorder recorder(ten_minutes());
  for (const Duration arrival : {Duration(-1ns), Duration(0ns), 10min - 1ns, Duration(10min)}) {
    announce(recorder, completed({.arrival = arrival}, 1000, 101));
  }
  for (int i = 0; i < 3; ++i) {
    announce(recorder, refused(Ending::ContextBeyondLimit, 1min));
  }
  announce(recorder, refused(Ending::GaveUp, 2min));
  announce(recorder, refused(Ending::EndOfRun, 9min));
  announce(recorder, refused(Ending::EndOfRun, -9min));
  sample_all(recorder);
  const RequestCounts counts = recorder.statistics().requests;
  EXPECT_EQ(counts.completed, 2);
  EXPECT_EQ(counts.rejected, 3);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.in_flight, 1);
  EXPECT_EQ(counts.arrived, 7);
}

// TTFT = queue + prefill; E2E = TTFT + decode; TPOT = decode / (n - 1); one token has no TPOT.
TEST(Recorder, LatenciesAreTheDifferencesOfTimes) {
  Recorder recorder(ten_minutes());
  announce(recorder, completed({.queue = 1s, .prefill = 2s, .decode = 10s}, 1000, 101));
  announce(recorder, completed({.queue = 3s, .prefill = 4s}, 1000, 1));
  sample_all(recorder);
  const Latency latency = recorder.statistics().latency;
  EXPECT_EQ(latency.ttft.count, 2);
  EXPECT_DOUBLE_EQ(*latency.ttft.mean, 5.0);
  EXPECT_DOUBLE_EQ(*latency.queue_prefill.mean, 2.0);
  EXPECT_DOUBLE_EQ(*latency.e2e.mean, (13.0 + 7.0) / 2.0);
  EXPECT_EQ(latency.tpot.count, 1);
  EXPECT_DOUBLE_EQ(*latency.tpot.mean, 0.1);
  EXPECT_DOUBLE_EQ(*latency.tpot.p99, 0.1);
  EXPECT_EQ(latency.kv_transfer.count, 1);
  EXPECT_DOUBLE_EQ(*latency.kv_transfer.mean, 0.020);
  EXPECT_DOUBLE_EQ(*latency.queue_decode.mean, 0.030);
}

// Of a request in flight only the TTFT is known, and only when its first token came.
TEST(Recorder, TtftCountsRequestsInFlightWithAFirstToken) {
  Recorder recorder(ten_minutes());
  RequestDone request = completed({.queue = 1s, .prefill = 1s}, 1000, 101);
  request.ending = Ending::EndOfRun;
  announce(recorder, request);
  announce(recorder, refused(Ending::EndOfRun, 1min));
  sample_all(recorder);
  const RunStatistics run = recorder.statistics();
  EXPECT_EQ(run.latency.ttft.count, 1);
  EXPECT_DOUBLE_EQ(*run.latency.ttft.mean, 2.0);
  EXPECT_EQ(run.latency.e2e.count, 0);
  EXPECT_FALSE(run.latency.output_speed.mean);
}

// Speeds 10 (101 tokens) and 40 (401 tokens) tok/s: mean = (101 * 10 + 401 * 40) / 502;
// p10 is the slower one, p90 the faster one, within 0.2 %.
TEST(Recorder, OutputSpeedIsWeightedByOutputTokens) {
  Recorder recorder(ten_minutes());
  announce(recorder, completed({.decode = 10s}, 1000, 101));
  announce(recorder, completed({.decode = 10s}, 1000, 401));
  sample_all(recorder);
  const OutputSpeed speed = recorder.statistics().latency.output_speed;
  EXPECT_DOUBLE_EQ(*speed.mean, (101.0 * 10.0 + 401.0 * 40.0) / 502.0);
  EXPECT_NEAR(*speed.p10, 10.0, 0.02);
  EXPECT_NEAR(*speed.p90, 40.0, 0.08);
}

// E[O I] / E[O] + E[O^2] / (2 E[O]) and E[q p + q^2 / 2] / E[q], for I = 1000, 3000 (2000 cached),
// O = 100, 300.
TEST(Recorder, WorkloadMeansAreTheClosedForms) {
  Recorder recorder(ten_minutes());
  announce(recorder, completed({}, 1000, 100));
  announce(recorder, completed({}, 3000, 300, 2000));
  sample_all(recorder);
  const WorkloadMeans means = recorder.statistics().workload;
  EXPECT_DOUBLE_EQ(*means.mean_input_tokens, 2000.0);
  EXPECT_DOUBLE_EQ(*means.mean_output_tokens, 200.0);
  EXPECT_DOUBLE_EQ(*means.mean_kv_per_output_token,
                   (100.0 * 1000 + 300.0 * 3000 + (100.0 * 100 + 300.0 * 300) / 2) / 400.0);
  EXPECT_DOUBLE_EQ(*means.attention_pairs_per_computed_token,
                   (1000.0 * 1000 / 2 + 1000.0 * 2000 + 1000.0 * 1000 / 2) / 2000.0);
}

// A step gives requests - joined gaps of its duration; a first chunk one of its own. Steps count
// when they end in (0, duration], first chunks between the samples at the ends of the window.
TEST(Recorder, InterTokenLatencyCountsChunks) {
  Recorder recorder(ten_minutes());
  recorder.on_decode_step(decode_step(-60ms, -10ms, 100));
  recorder.on_first_chunks(std::vector<base::Duration>{9s});
  recorder.on_sample(sample(0s, true));
  recorder.on_decode_step(decode_step(0s, 50ms, 10, 4));
  recorder.on_first_chunks(std::vector<base::Duration>(4, 200ms));
  recorder.on_sample(sample(10min, false, true));
  const Distribution itl = recorder.statistics().latency.itl;
  EXPECT_EQ(itl.count, 10);
  EXPECT_DOUBLE_EQ(*itl.mean, (6 * 0.050 + 4 * 0.200) / 10.0);
  EXPECT_DOUBLE_EQ(*itl.max, 0.200);
}

// Means over steps are weighted by duration: (1 s * 0.5 + 3 s * 0.9) / 4 s; the batch is per GPU.
TEST(Recorder, StepMeansAreWeightedByTime) {
  RecorderConfig config = ten_minutes();
  config.decode_gpus_per_unit = 10;
  Recorder recorder(config);
  recorder.on_prefill_step(prefill_step(0s, 1s, 0.5));
  recorder.on_prefill_step(prefill_step(1s, 4s, 0.9, true));
  recorder.on_decode_step(decode_step(0s, 1s, 100, 0, 0.7));
  recorder.on_decode_step(decode_step(60s, 61s, 300, 0, 0.4));
  sample_all(recorder);
  const RunStatistics run = recorder.statistics();
  EXPECT_DOUBLE_EQ(*run.utilisation.steps.prefill_efficiency_ratio, (0.5 + 3 * 0.9) / 4);
  EXPECT_DOUBLE_EQ(*run.utilisation.steps.decode_batch_per_gpu, 20.0);
  EXPECT_DOUBLE_EQ(*run.utilisation.steps.decode_kv_ratio_max, 0.7);
  EXPECT_EQ(run.priced_steps, 4);
  EXPECT_DOUBLE_EQ(*run.out_of_range_ratio, 0.25);
  EXPECT_DOUBLE_EQ(*run.intervals.at(0).steps.decode_batch_per_gpu, 10.0);
  EXPECT_DOUBLE_EQ(*run.intervals.at(1).steps.decode_batch_per_gpu, 30.0);
  EXPECT_FALSE(run.intervals.at(2).steps.decode_batch_per_gpu);
}

// A fact at t belongs to the interval [begin, end) that holds t: TTFT by first token, speed by end.
TEST(Recorder, IntervalsHoldWhatHappenedInThem) {
  Recorder recorder(ten_minutes());
  announce(recorder,
           completed({.arrival = -10s, .queue = 60s, .prefill = 9s, .decode = 100s}, 9, 1001));
  announce(recorder,
           completed({.arrival = 50s, .queue = 6s, .prefill = 4s, .decode = 100s}, 9, 2001));
  sample_all(recorder);
  const RunStatistics run = recorder.statistics();
  ASSERT_EQ(run.intervals.size(), 10U);
  EXPECT_DOUBLE_EQ(*run.intervals[0].ttft_mean_s, 69.0);  // first token at 59 s
  EXPECT_DOUBLE_EQ(*run.intervals[1].ttft_p99_s, 10.0);   // at 60 s
  EXPECT_FALSE(run.intervals[1].output_speed_tps);
  EXPECT_DOUBLE_EQ(*run.intervals[2].output_speed_tps,
                   (1001 * 10.0 + 2001 * 20.0) / 3002.0);  // ends at 159 and 160 s
  ASSERT_EQ(run.hours.size(), 1U);
  EXPECT_DOUBLE_EQ(*run.hours[0].ttft_mean_s, 39.5);
}

TEST(Recorder, AFirstTokenBeforeTheArrivalBreaksAnInvariant) {
  Recorder recorder(ten_minutes());
  announce(recorder, completed({.queue = -3s}, 10, 10));
  sample_all(recorder);
  EXPECT_THROW((void)recorder.statistics(), base::InvariantBroken);
}

// 1 s with 100 requests and 3 s with 20: (100 + 60) / 4.
TEST(Recorder, ALongStepsBatchCountsLonger) {
  RecorderConfig config = ten_minutes();
  config.decode_gpus_per_unit = 1;
  Recorder recorder(config);
  recorder.on_decode_step(decode_step(1s, 2s, 100));
  recorder.on_decode_step(decode_step(2s, 5s, 20));
  sample_all(recorder);
  EXPECT_DOUBLE_EQ(*recorder.statistics().utilisation.steps.decode_batch_per_gpu, 40.0);
}

// Its requests got nothing for as long as their unit stood still.
TEST(Recorder, TheGapBetweenTokensHoldsThePauseBeforeAStep) {
  Recorder recorder(ten_minutes());
  sample_all(recorder);
  observe::DecodeStepDone step = decode_step(60s, 61s, 3);
  step.stood_still = 7s;
  recorder.on_decode_step(step);
  const RunStatistics run = recorder.statistics();
  EXPECT_EQ(run.latency.itl.count, 3);
  EXPECT_DOUBLE_EQ(*run.latency.itl.max, 8.0);
}

// Two gaps of 3 ns in all are 1.5 ns each, which is told as 2.
TEST(Recorder, TimePerTokenIsRoundedToTheNearest) {
  Recorder recorder(ten_minutes());
  announce(recorder, completed({.arrival = 1min, .decode = 3ns}, 100, 3));
  sample_all(recorder);
  EXPECT_DOUBLE_EQ(*recorder.statistics().latency.tpot.max, 2e-9);
}

}  // namespace
}  // namespace epfleet::metrics
