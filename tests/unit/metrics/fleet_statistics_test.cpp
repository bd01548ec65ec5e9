// What the Recorder makes of the samples of the fleet.
#include <gtest/gtest.h>

#include <cstdint>

#include "epfleet/base/error.h"
#include "epfleet/metrics/recorder.h"
#include "synthetic_facts.h"

namespace epfleet::metrics {
namespace {

using namespace testing;
using namespace std::chrono_literals;

constexpr std::int64_t kMinute = 60'000'000'000;

// A fleet after m minutes of which 10 were warm-up: all running totals grow, at uneven rates.
FleetSample after(std::int64_t m) {
  FleetSample s = sample(std::chrono::minutes(m - 10), m == 10, m == 10 + 150);
  const std::int64_t squared = m * m;
  for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
    for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
      const auto k = static_cast<std::int64_t>(variant * 3 + channel + 1);
      s.tokens[variant][channel] = {k * squared * 1000, k * squared * 400,
                                    base::TokenParts(k * squared * 777)};
    }
  }
  s.computed_tokens = squared * 12'000;
  s.carried_in_tokens = 4321;
  s.arrived = squared * 9;
  s.completed = squared * 7;
  s.rejected = m;
  s.failed = m / 10;
  s.preempted = m / 5;
  s.prefill_node_ns = {m * kMinute, 2 * m * kMinute, squared * 1'000'000, m};
  s.decode_node_ns = {3 * m * kMinute, m * kMinute, squared, 5 * m};
  s.prefill_nodes_allotted = m < 100 ? 3 : 7;
  s.decode_nodes_allotted = m == 10 + 150 ? 99 : 4;
  s.cache_read_bytes = squared * 11;
  s.cache_written_bytes = squared * 13;
  s.cache_stored_bytes = m < 80 ? m * 100 : 5000;
  // The peaks of the warm-up, and those since the window's start.
  s.peaks = m <= 10 ? observe::FleetPeaks{50, 60, 70'000} : observe::FleetPeaks{11, m * 5, 9'000};
  s.cache_lost = {squared * 21, squared * 42, 0, squared * 63, 0};
  s.kv_moved_bytes = squared * 17;
  return s;
}

RunStatistics hours_of_service() {
  RecorderConfig config;
  config.duration = 150min;
  config.pool_nodes = 20;
  Recorder recorder(config);
  for (std::int64_t m = 0; m <= 160; ++m) {
    recorder.on_sample(after(m));
  }
  return recorder.statistics();
}

// Totals = last sample - first sample of the window = sum over intervals = sum over hours.
TEST(FleetStatistics, IntervalsAndHoursSumToTheTotals) {
  const RunStatistics run = hours_of_service();
  ASSERT_EQ(run.intervals.size(), 150U);
  ASSERT_EQ(run.hours.size(), 3U);
  EXPECT_EQ(run.hours[2].length(), Duration(30min));
  for (const auto* rows : {&run.intervals, &run.hours}) {
    Interval all;
    base::TimePoint end = base::kWindowStart;
    for (const Interval& row : *rows) {
      EXPECT_EQ(row.begin, end);
      end = row.end;
      add(all.tokens, row.tokens);
      add(all.prefill_node_ns, row.prefill_node_ns);
      add(all.decode_node_ns, row.decode_node_ns);
      all.computed_tokens += row.computed_tokens;
      all.preempted += row.preempted;
      all.completed += row.completed;
      all.cache_read_bytes += row.cache_read_bytes;
      all.cache_written_bytes += row.cache_written_bytes;
      all.cache_lost.cold += row.cache_lost.cold;
      all.kv_moved_bytes += row.kv_moved_bytes;
    }
    EXPECT_EQ(end, run.end);
    EXPECT_EQ(sum(all.tokens).input, run.tokens.input);
    EXPECT_EQ(sum(all.tokens).cached, run.tokens.cached);
    EXPECT_EQ(sum(all.tokens).output, sum(run.tokens.by_payer).output);
    EXPECT_EQ(all.prefill_node_ns.allotted(), run.nodes.prefill_ns.allotted());
    EXPECT_EQ(all.decode_node_ns.draining, run.nodes.decode_ns.draining);
    EXPECT_EQ(all.computed_tokens, run.tokens.computed_in_steps);
    EXPECT_EQ(all.preempted, run.requests.preemptions);
    EXPECT_EQ(all.completed, (160 * 160 - 100) * 7);
    EXPECT_EQ(all.cache_read_bytes, run.cache.bytes_read);
    EXPECT_EQ(all.cache_written_bytes, run.cache.bytes_written);
    EXPECT_EQ(all.cache_lost.cold, (160 * 160 - 100) * 21);
    EXPECT_EQ(all.kv_moved_bytes, run.kv_moved_bytes);
  }
}

// With growth = 160^2 - 10^2 = 25,500: input = 21 x 1000 x growth (1 + 2 + ... + 6 = 21).
TEST(FleetStatistics, TheWarmUpIsNotCounted) {
  const RunStatistics run = hours_of_service();
  EXPECT_EQ(run.tokens.input, 21 * 1000 * 25'500LL);
  EXPECT_EQ(run.tokens.output, base::TokenParts(21 * 777 * 25'500LL).whole_tokens());
  EXPECT_EQ(run.tokens.computed_in_steps, 12'000 * 25'500LL);
  EXPECT_EQ(run.tokens.computed, run.tokens.input - run.tokens.cached);
  EXPECT_EQ(run.tokens.carried_in, 4321);
  EXPECT_DOUBLE_EQ(*run.cache.hit_ratio, 0.4);
  EXPECT_DOUBLE_EQ(*run.cache.lost_cold_ratio, 0.001);
  EXPECT_DOUBLE_EQ(*run.cache.lost_capacity_ratio, 0.002);
  EXPECT_DOUBLE_EQ(*run.cache.lost_rounding_ratio, 0.003);
  EXPECT_DOUBLE_EQ(*run.cache.lost_ttl_ratio, 0.0);
  EXPECT_EQ(run.cache.bytes_stored_peak, 9'000);
}

// Of a pool of 20 for ten minutes: 3 + 4 nodes in steps, one down, 2 spare ones, so 10 released; 4
// of the 8 GPUs of a node are masked, so that one and a half of 8 nodes are missing.
TEST(FleetStatistics, SparesAreNotReleasedAndAMaskedGpuIsPartOfANode) {
  RecorderConfig config;
  config.duration = 10min;
  config.pool_nodes = 20;
  Recorder recorder(config);
  recorder.on_sample(sample(0min, true));
  FleetSample last = sample(10min, false, true);
  last.prefill_node_ns.busy = 3 * 10 * kMinute;
  last.decode_node_ns.busy = 4 * 10 * kMinute;
  last.decode_node_ns.down = 10 * kMinute;
  last.spare_node_ns = 2 * 10 * kMinute;
  last.failures.masked_gpu_ns = 4 * 10 * kMinute;
  recorder.on_sample(last);
  const RunStatistics run = recorder.statistics();
  EXPECT_EQ(run.nodes.released_ns, 10 * 10 * kMinute);
  EXPECT_EQ(run.nodes.spare_ns, 2 * 10 * kMinute);
  EXPECT_DOUBLE_EQ(*run.failures.availability_ratio, 1.0 - 1.5 / 8.0);
  EXPECT_DOUBLE_EQ(run.failures.masked_gpu_hours, 4.0 / 6.0);
}

// Node time by state; busy / (busy + idle); mean = node time / window; throughput = tokens over it.
TEST(FleetStatistics, NodesAndThroughput) {
  const RunStatistics run = hours_of_service();
  const double seconds = 150 * 60.0;
  const double prefill = (3.0 * 150 * 60e9 + 25'500e6 + 150.0) * 1e-9;  // node-seconds
  const double decode = (4.0 * 150 * 60e9 + 25'500.0 + 750.0) * 1e-9;
  EXPECT_DOUBLE_EQ(*run.nodes.prefill_mean, prefill / seconds);
  EXPECT_DOUBLE_EQ(*run.nodes.decode_mean, decode / seconds);
  EXPECT_DOUBLE_EQ(*run.nodes.mean, (prefill + decode) / seconds);
  EXPECT_EQ(run.nodes.peak, 11);
  EXPECT_NEAR(static_cast<double>(run.nodes.released_ns) * 1e-9, 20 * seconds - prefill - decode,
              1e-6);
  EXPECT_DOUBLE_EQ(*run.utilisation.prefill_busy_ratio, 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(*run.utilisation.decode_busy_ratio, 0.75);
  EXPECT_DOUBLE_EQ(*run.throughput.prefill_input_tps_per_node, 21e3 * 25'500 / prefill);
  EXPECT_DOUBLE_EQ(*run.throughput.prefill_computed_tps_per_node, 21e3 * 0.6 * 25'500 / prefill);
  EXPECT_DOUBLE_EQ(*run.throughput.decode_output_tps_per_node,
                   base::TokenParts(21 * 777 * 25'500).tokens() / decode);
}

// As the fleet kept them, moment by moment: not those of the warm-up, and not only of samples.
TEST(FleetStatistics, PeaksAreThoseSinceTheWindowsStart) {
  const RunStatistics run = hours_of_service();
  EXPECT_EQ(run.requests.concurrent_peak, 160 * 5);
  EXPECT_EQ(run.intervals[0].in_service_at_begin, 100 * 2 - 10 - 1);
  EXPECT_EQ(run.intervals[90].at_begin.nodes_allotted(), 11);
  EXPECT_DOUBLE_EQ(*run.intervals[0].mean_decode_nodes(), (4 * 60e9 + 21 + 5) / 60e9);
}

// A run cut short after 90 s has intervals of 60 s and 30 s, and a window of 90 s.
TEST(FleetStatistics, AnInterruptedRunEndsWithAShortInterval) {
  RecorderConfig config;
  config.duration = 10min;
  Recorder recorder(config);
  recorder.on_sample(sample(0s, true));
  recorder.on_sample(sample(60s));
  recorder.on_sample(sample(90s, false, true));
  const RunStatistics run = recorder.statistics();
  ASSERT_EQ(run.intervals.size(), 2U);
  EXPECT_EQ(run.intervals[1].length(), Duration(30s));
  EXPECT_DOUBLE_EQ(run.window_seconds(), 90.0);
}

// Cut short in the warm-up: nothing was counted, nothing divides by zero.
TEST(FleetStatistics, WithoutAWindowEverythingIsEmpty) {
  RecorderConfig config;
  config.duration = 10min;
  Recorder recorder(config);
  recorder.on_sample(sample(-60s));
  const RunStatistics run = recorder.statistics();
  EXPECT_TRUE(run.intervals.empty());
  EXPECT_EQ(run.tokens.input, 0);
  EXPECT_FALSE(run.nodes.mean || run.cache.hit_ratio || run.slo.goodput_rps);
}

// Between two samples of the same instant flows still count: they go to the interval that ends
// there.
TEST(FleetStatistics, ASecondSampleOfAnInstantLosesNothing) {
  RecorderConfig config;
  config.duration = 1min;
  Recorder recorder(config);
  recorder.on_sample(sample(0s, true));
  FleetSample first = sample(60s);
  first.computed_tokens = 5;
  recorder.on_sample(first);
  FleetSample second = sample(60s, false, true);
  second.computed_tokens = 7;
  recorder.on_sample(second);
  const RunStatistics run = recorder.statistics();
  ASSERT_EQ(run.intervals.size(), 1U);
  EXPECT_EQ(run.intervals[0].computed_tokens, 7);
  EXPECT_EQ(run.tokens.computed_in_steps, 7);
}

TEST(FleetStatistics, TimeThatRunsBackBreaksAnInvariant) {
  RecorderConfig config;
  config.duration = 10min;
  Recorder recorder(config);
  recorder.on_sample(sample(0s, true));
  recorder.on_sample(sample(60s));
  EXPECT_THROW(recorder.on_sample(sample(59s)), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::metrics
