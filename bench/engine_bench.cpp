// What an event costs at a stated number of pending ones, which an answer schedules anew: the
// engine's queue against std::priority_queue of the same events. The day has a few hundred pending
// (sleeping sessions are in a calendar of their own); larger models have more.
#include <benchmark/benchmark.h>

#include <queue>
#include <tuple>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/engine/engine.h"

namespace {

using namespace epfleet;

constexpr std::int64_t kEvents = 4096;            // in about one call of run()
constexpr std::int64_t kMostPause = 100'000'000;  // ns

base::Duration pause(base::Stream& stream) {
  return base::Duration(static_cast<std::int64_t>(stream.bits() % kMostPause) + 1);
}

class Again : public engine::Handler {
 public:
  explicit Again(engine::Engine& engine) : engine_(engine) {}
  void handle(const engine::Event& event) override {
    engine_.at(event.time + pause(stream_), event.phase, event.kind, event.target);
  }

 private:
  engine::Engine& engine_;
  base::Stream stream_{base::StreamFamily(1, "bench.engine"), 1};
};

void event_queue(benchmark::State& state) {
  engine::Engine engine{base::TimePoint{}};
  base::Stream stream(base::StreamFamily(1, "bench.engine"), 0);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    engine.at(base::TimePoint{} + pause(stream), engine::Phase::Arrival, engine::EventKind{},
              static_cast<std::uint32_t>(i));
  }
  Again handler(engine);
  const base::Duration span(kEvents * kMostPause / 2 / state.range(0));
  const std::uint64_t before = engine.executed();
  for (auto _ : state) {
    engine.run(handler, engine.now() + span);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(engine.executed() - before));
}

void priority_queue(benchmark::State& state) {
  const auto later = [](const engine::Event& a, const engine::Event& b) {
    return std::tie(a.time, a.phase, a.sequence) > std::tie(b.time, b.phase, b.sequence);
  };
  std::priority_queue<engine::Event, std::vector<engine::Event>, decltype(later)> queue(later);
  base::Stream stream(base::StreamFamily(1, "bench.engine"), 0);
  std::uint64_t sequence = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    queue.push({base::TimePoint{} + pause(stream), sequence++});
  }
  for (auto _ : state) {
    for (std::int64_t i = 0; i < kEvents; ++i) {
      engine::Event event = queue.top();
      queue.pop();
      event.time += pause(stream);
      event.sequence = sequence++;
      queue.push(event);
    }
  }
  state.SetItemsProcessed(state.iterations() * kEvents);
}

BENCHMARK(event_queue)->ArgName("pending")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(priority_queue)->ArgName("pending")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
