#include "epfleet/experiment/verdict.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/experiment/run_verdict.h"
#include "support/small_fleet.h"

namespace epfleet::experiment {
namespace {

// 40 intervals in which `queue` requests wait, by interval.
template <class Queue>
metrics::RunStatistics with_queue(const Queue& queue) {
  metrics::RunStatistics statistics;
  for (int i = 0; i < 40; ++i) {
    metrics::Interval interval;
    interval.at_begin.prefill_queue_requests = static_cast<std::int64_t>(queue(i));
    interval.in_service_at_begin = 1000;
    statistics.intervals.push_back(interval);
  }
  statistics.latency.ttft.p50 = 1.0;
  return statistics;
}

TEST(KeepsUp, AGrowingQueueDoesNot) {
  EXPECT_FALSE(keeps_up(with_queue([](int i) { return 10 * i; })).good);
  EXPECT_TRUE(keeps_up(with_queue([](int) { return 200; })).good);
  EXPECT_TRUE(keeps_up(with_queue([](int i) { return 400 - 10 * i; })).good);
  EXPECT_TRUE(keeps_up(with_queue([](int i) { return 100 + 40 * std::sin(i); })).good);
  EXPECT_TRUE(keeps_up(with_queue([](int i) { return i / 20; })).good);  // a few requests: chance
}

// What waits for decode counts as what waits for prefill does: each queue by itself.
TEST(KeepsUp, AGrowingQueueBeforeDecodeDoesNot) {
  const auto decode_queue = [](const auto& queue) {
    auto statistics = with_queue([](int) { return 200; });
    for (int i = 0; i < 40; ++i) {
      statistics.intervals[static_cast<std::size_t>(i)].at_begin.decode_waiting_requests = queue(i);
    }
    return statistics;
  };
  const Verdict grows = keeps_up(decode_queue([](int i) { return 10 * i; }));
  EXPECT_FALSE(grows.good);
  EXPECT_EQ(grows.why, "the queue before decode grows");
  EXPECT_TRUE(keeps_up(decode_queue([](int) { return 200; })).good);
  EXPECT_TRUE(keeps_up(decode_queue([](int i) { return 400 - 10 * i; })).good);
  EXPECT_EQ(keeps_up(with_queue([](int i) { return 10 * i; })).why,
            "the queue before prefill grows");
}

// The looks at the queue are the run's own, however often it reports.
TEST(KeepsUp, AQueueThatGrowsWithinOneReportIntervalDoesNot) {
  auto statistics = with_queue([](int i) { return 10 * i; });
  statistics.end = base::kWindowStart + std::chrono::minutes(64);
  for (int look = 0; look < 64; ++look) {
    metrics::Interval piece;
    piece.begin = base::kWindowStart + std::chrono::minutes(look);
    piece.at_begin.prefill_queue_requests = 10 * look;
    piece.in_service_at_begin = 1000;
    statistics.pieces.push_back(piece);
  }
  statistics.intervals = {statistics.pieces.front()};
  EXPECT_FALSE(keeps_up(statistics).good);
}

// Who never got a first token has no TTFT: the worst runs had none at all and looked good.
TEST(KeepsUp, ARunInWhichNobodyIsServedDoesNot) {
  auto statistics = with_queue([](int) { return 200; });
  statistics.requests.arrived = statistics.requests.in_flight = 1'000;
  statistics.latency.ttft.p50.reset();
  EXPECT_FALSE(keeps_up(statistics).good);
  statistics.latency.ttft.p50 = 1.0;
  statistics.latency.ttft.count = 500;
  EXPECT_TRUE(keeps_up(statistics).good);
}

TEST(KeepsUp, LongWaitsDoNot) {
  auto statistics = with_queue([](int) { return 200; });
  statistics.latency.ttft.p50 = 11.0;
  EXPECT_FALSE(keeps_up(statistics).good);
}

TEST(MeetsSlo, EveryWindowOfALimitWithAQuantile) {
  auto statistics = with_queue([](int) { return 1; });
  EXPECT_THROW(require_slo(statistics, "a plan"), base::InputError);
  statistics.slo.ttft = {std::chrono::seconds(2), 0.95, 0.96, 12, 12};
  EXPECT_NO_THROW(require_slo(statistics, "a plan"));
  EXPECT_TRUE(meets_slo(statistics).good);
  statistics.slo.ttft.windows_met = 11;
  EXPECT_EQ(meets_slo(statistics).why, "TTFT kept in 11 of 12 windows");
  statistics.slo.ttft.windows_met = 12;
  statistics.slo.tpot = {std::chrono::milliseconds(50), 0.95, 0.9, 12, 10};
  EXPECT_EQ(meets_slo(statistics).why, "TPOT kept in 10 of 12 windows");
}

TEST(MeetsSlo, EveryRequestWithoutAQuantileAndNobodyRejected) {
  auto statistics = with_queue([](int) { return 1; });
  statistics.slo.tpot = {std::chrono::milliseconds(100), std::nullopt, 1.0, 0, 0};
  EXPECT_TRUE(meets_slo(statistics).good);
  statistics.slo.tpot.within_ratio = 0.999;
  EXPECT_FALSE(meets_slo(statistics).good);
  statistics.slo.tpot.within_ratio = 1.0;
  statistics.requests.arrived = 100;
  statistics.latency.ttft.count = 99;
  statistics.requests.rejected = 1;
  EXPECT_FALSE(meets_slo(statistics).good);
  statistics.requests.rejected = 0;
  EXPECT_TRUE(meets_slo(statistics).good);
  statistics.requests.failed = 1;
  EXPECT_FALSE(meets_slo(statistics).good);
}

TEST(Drifts, WhereRequestsInServiceRiseOrFall) {
  const auto in_service = [](int from, int step) {
    auto statistics = with_queue([](int) { return 0; });
    for (int i = 0; i < 40; ++i) {
      statistics.intervals[static_cast<std::size_t>(i)].in_service_at_begin = from + step * i;
    }
    return statistics;
  };
  EXPECT_TRUE(drifts(in_service(1'000, 20)));
  EXPECT_TRUE(drifts(in_service(2'000, -20)));
  EXPECT_FALSE(drifts(in_service(1'000, 0)));
  EXPECT_FALSE(drifts(in_service(10'000, 1)));  // 0.3 %
}

// 100 s of 1,000 input tokens a second, 600 of them computed, and 100 output tokens a second, on
// one node of each phase.
TEST(RunVerdict, TheFullerPhaseBinds) {
  metrics::RunStatistics s;
  s.end = base::kWindowStart + std::chrono::seconds(100);
  s.requests.arrived = 100;
  s.workload.mean_input_tokens = 1'000.0;
  s.workload.mean_output_tokens = 100.0;
  s.tokens.input = 100'000;
  s.tokens.computed = 60'000;
  s.tokens.computed_in_steps = 66'000;  // some again
  s.tokens.output = 10'000;
  s.nodes.prefill_ns.busy = s.nodes.decode_ns.busy = 60'000'000'000;
  s.nodes.prefill_ns.idle = s.nodes.decode_ns.idle = 40'000'000'000;
  s.latency.ttft.count = 100;
  const config::Scenario scenario = test::small_fleet(1);
  const cluster::StepPricers pricers = cluster::make_step_pricers(scenario);
  const auto verdict = [&](const NodeCapacity& capacity) {
    return verdict_of(scenario, pricers, capacity, s);
  };
  EXPECT_EQ(verdict({1'200.0, 150.0}).binds, "decode");
  EXPECT_NEAR(verdict({1'200.0, 150.0}).headroom_ratio.value(), 0.5, 1e-12);
  EXPECT_EQ(verdict({1'200.0, 300.0}).binds, "prefill");
  EXPECT_NEAR(verdict({1'200.0, 300.0}).headroom_ratio.value(), 1.0, 1e-12);
  const report::PhaseLoads loads = loads_of({1'200.0, 200.0}, s);
  EXPECT_NEAR(loads.prefill_ratio.value(), 0.55, 1e-12);
  EXPECT_NEAR(loads.decode_ratio.value(), 0.5, 1e-12);
}

}  // namespace
}  // namespace epfleet::experiment
