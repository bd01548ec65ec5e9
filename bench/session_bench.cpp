// What a request costs on the side of the workload, at the population of the published day (about 2
// million sleeping sessions): first turns on the generator's thread, take() and complete() on the
// main thread, and the calendar against a binary heap.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "../tests/unit/sessions/day_mix.h"
#include "epfleet/base/random.h"
#include "epfleet/sessions/session_source.h"
#include "epfleet/sessions/start_feed.h"
#include "epfleet/sessions/wake_calendar.h"

namespace epfleet::sessions {
namespace {

constexpr std::int64_t kSleepers = 2'000'000;

// A part of the published day: `scale` 1 is all of it.
SessionSourceSpec published_day(std::int64_t scale, base::Worker* worker) {
  SessionSourceSpec spec;
  spec.config = day_mix();
  spec.config.totals.input = 608'000'000'000 / scale;
  spec.config.totals.output = 168'000'000'000 / scale;
  spec.config.totals.kv_per_output_token = 4989.0;
  spec.config.totals.hit_ratio = 0.563;
  spec.duration = std::chrono::hours(24);
  spec.worker = worker;
  return spec;
}

// Session starts with their first turns, as drawn on the generator's thread.
void first_turns(benchmark::State& state) {
  const SessionSourceSpec spec = published_day(1, nullptr);
  const SessionPlan plan = plan_sessions(spec);
  const SessionLaw law(plan.mix.config, spec.seed);
  StartFeed feed(spec, plan, law);
  for (auto _ : state) {
    benchmark::DoNotOptimize(feed.front());
    feed.pop();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(first_turns);

// next_arrival(), take() and complete() a minute later, the queue of what is in service included.
void requests(benchmark::State& state) {
  base::Worker worker;
  const auto source =
      make_session_source(published_day(1, state.range(0) != 0 ? &worker : nullptr));
  struct InService {
    base::TimePoint done;
    workload::Request request;
  };
  std::deque<InService> serving;
  for (auto _ : state) {
    base::TimePoint now = *source->next_arrival();
    while (!serving.empty() && serving.front().done <= now) {
      source->complete(serving.front().request, serving.front().done);
      serving.pop_front();
      now = *source->next_arrival();
    }
    const workload::Request request = source->take();
    serving.push_back({request.arrival + std::chrono::minutes(1), request});
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["sleepers_at_start"] = static_cast<double>(source->warm_extents().size());
}
BENCHMARK(requests)->ArgName("threads")->Arg(0)->Arg(1)->MeasureProcessCPUTime();

// Solving for the totals, the warm start: what a full-scale run waits for before its first request.
void start_up(benchmark::State& state) {
  base::Worker worker;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        make_session_source(published_day(1, state.range(0) != 0 ? &worker : nullptr)));
  }
}
BENCHMARK(start_up)
    ->ArgName("threads")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

base::Duration think(base::Stream& stream) {
  const bool returns_late = stream.uniform() < 0.12;
  return base::duration_from_seconds(returns_late ? stream.lognormal(9.29, 1.3)
                                                  : stream.lognormal(4.32, 1.05));
}

// The hold model: the earliest of 2 million is taken and put back after a think time.
void calendar_hold(benchmark::State& state) {
  base::Stream stream(base::StreamFamily(1, "bench"), 0);
  const auto calendar = std::make_unique<WakeCalendar>();
  for (std::int64_t i = 0; i < kSleepers; ++i) {
    calendar->push(base::kWindowStart + think(stream), static_cast<std::uint32_t>(i));
  }
  for (auto _ : state) {
    const WakeCalendar::Entry entry = calendar->pop();
    calendar->push(entry.time + think(stream), entry.slot);
  }
}
BENCHMARK(calendar_hold);

void heap_hold(benchmark::State& state) {
  using Entry = WakeCalendar::Entry;
  base::Stream stream(base::StreamFamily(1, "bench"), 0);
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap;
  for (std::int64_t i = 0; i < kSleepers; ++i) {
    heap.push({base::kWindowStart + think(stream), static_cast<std::uint32_t>(i)});
  }
  for (auto _ : state) {
    const Entry entry = heap.top();
    heap.pop();
    heap.push({entry.time + think(stream), entry.slot});
  }
}
BENCHMARK(heap_hold);

void think_alone(benchmark::State& state) {
  base::Stream stream(base::StreamFamily(1, "bench"), 0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(think(stream));
  }
}
BENCHMARK(think_alone);

}  // namespace
}  // namespace epfleet::sessions
