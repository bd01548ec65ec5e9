#include "epfleet/metrics/threaded_observer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "epfleet/base/random.h"
#include "epfleet/metrics/recorder.h"
#include "synthetic_facts.h"

namespace epfleet::metrics {
namespace {

using namespace testing;
using namespace std::chrono_literals;

// Writes down what it is told, in order; how requests are cut into spans does not show.
class Diary : public observe::Observer {
 public:
  void on_requests_done(std::span<const RequestDone> requests) override {
    for (const RequestDone& request : requests) {
      text += fmt::format("r{} ", request.id.value());
    }
  }
  void on_prefill_step(const PrefillStepDone& step) override { note('p', step.end); }
  void on_decode_step(const DecodeStepDone& step) override { note('d', step.end); }
  void on_first_chunks(std::span<const Duration> gaps) override {
    for (const Duration gap : gaps) {
      note('c', at(gap));
    }
  }
  void on_sample(const FleetSample& seen) override { note('s', seen.time); }

  std::string text;

 private:
  void note(char kind, TimePoint time) {
    text += fmt::format("{}{} ", kind, time.time_since_epoch().count());
  }
};

// Ten minutes of made-up service: spans of 0 to 39 requests between steps, gaps and samples.
void play(observe::Observer& observer, std::uint64_t seed) {
  base::Stream draws(base::StreamFamily(seed, "test.facts"), 0);
  std::uint64_t id = 0;
  std::vector<RequestDone> span;
  for (int second = 0; second <= 600; ++second) {
    span.clear();
    for (std::uint64_t left = draws.bits() % 40; left > 0; --left) {
      Times times{.arrival = std::chrono::seconds(second) - 20s};
      times.queue = Duration(static_cast<std::int64_t>(draws.exponential() * 1e9));
      times.decode = Duration(static_cast<std::int64_t>(draws.exponential() * 1e10));
      span.push_back(completed(times, 1000, static_cast<std::int32_t>(draws.bits() % 2000) + 1));
      span.back().id = base::RequestId(++id);
    }
    observer.on_requests_done(span);
    const Duration start = std::chrono::seconds(second);
    for (int step = 0; step < 10; ++step) {
      observer.on_decode_step(decode_step(start, start + 90ms, 500, 7, draws.uniform()));
      const Duration gap(static_cast<std::int64_t>(draws.uniform() * 1e9));
      observer.on_first_chunks({&gap, 1});
    }
    observer.on_prefill_step(prefill_step(start, start + 300ms, draws.uniform()));
    if (second % 60 == 0) {
      observer.on_sample(sample(start, second == 0, second == 600));
    }
  }
}

TEST(ThreadedObserver, KeepsTheOrderOfFacts) {
  Diary direct, behind;
  play(direct, 1);
  base::Worker worker;
  ThreadedObserver threaded(behind, worker);
  play(threaded, 1);
  threaded.finish();
  EXPECT_EQ(direct.text, behind.text);
  EXPECT_GT(direct.text.size(), 50'000U);  // several blocks
}

// Every bit of what the two computed in doubles.
std::string bits(const Measure& measure) {
  return measure ? fmt::format("{:x} ", std::bit_cast<std::uint64_t>(*measure)) : "none ";
}

std::string bits(const Distribution& d) {
  return std::to_string(d.count) + " " + bits(d.mean) + bits(d.std_dev) + bits(d.p50) +
         bits(d.p90) + bits(d.p95) + bits(d.p99) + bits(d.max);
}

std::string bits(const RunStatistics& run) {
  const Latency& latency = run.latency;
  std::string text = fmt::format("{} {} ", run.requests.arrived, run.tokens.reasoning);
  for (const Distribution* d : {&latency.ttft, &latency.tpot, &latency.itl, &latency.e2e,
                                &latency.queue_prefill, &latency.queue_decode}) {
    text += bits(*d);
  }
  text += bits(latency.output_speed.mean) + bits(latency.output_speed.p5);
  text += bits(run.utilisation.steps.prefill_efficiency_ratio);
  for (const Interval& row : run.intervals) {
    text += bits(row.ttft_mean_s) + bits(row.ttft_p99_s) + bits(row.output_speed_tps);
    text += bits(row.steps.prefill_efficiency_ratio) + bits(row.steps.decode_kv_ratio_max);
  }
  return text;
}

TEST(ThreadedObserver, GivesTheSameBytesAsWithoutAThread) {
  RecorderConfig config;
  config.duration = 10min;
  Recorder direct(config), behind(config);
  play(direct, 7);
  {
    base::Worker worker;
    ThreadedObserver threaded(behind, worker);
    play(threaded, 7);
    threaded.finish();
  }
  const std::string expected = bits(direct.statistics());
  EXPECT_EQ(expected, bits(behind.statistics()));
  Recorder other(config);
  play(other, 8);
  EXPECT_NE(expected, bits(other.statistics()));  // the comparison can fail
}

class Failing : public observe::Observer {
 public:
  void on_requests_done(std::span<const RequestDone> /*requests*/) override {
    throw std::runtime_error("the target failed");
  }
};

TEST(ThreadedObserver, AFailureOfTheTargetReachesTheCaller) {
  Failing target;
  base::Worker worker;
  ThreadedObserver threaded(target, worker);
  announce(threaded, completed({}, 10, 10));
  EXPECT_THROW(threaded.finish(), std::runtime_error);
  EXPECT_THROW(play(threaded, 1), std::runtime_error);  // no endless run after a failure
  EXPECT_THROW(threaded.finish(), std::runtime_error);
}

TEST(ThreadedObserver, MoreFactsMayFollowAfterFinish) {
  Diary diary;
  base::Worker worker;
  ThreadedObserver threaded(diary, worker);
  threaded.on_first_chunks(std::vector<Duration>{3ns});
  threaded.finish();
  EXPECT_EQ(diary.text, "c3 ");
  threaded.on_first_chunks(std::vector<Duration>{5ns});
  threaded.finish();
  EXPECT_EQ(diary.text, "c3 c5 ");
}

TEST(ThreadedObserver, MayGoAwayUnfinished) {
  Diary diary;
  base::Worker worker;
  ThreadedObserver threaded(diary, worker);
  play(threaded, 1);
}

}  // namespace
}  // namespace epfleet::metrics
