// What the statistics cost: nanoseconds a request (all its latencies, its interval, its SLO, its
// first chunk) and a decode step. A day has 155 million requests; the budget is 60 ns a request.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/metrics/recorder.h"
#include "epfleet/metrics/threaded_observer.h"

namespace {

using namespace epfleet;
using namespace std::chrono_literals;

constexpr std::size_t kRequests = 1 << 12;  // they stay in the cache, as fresh facts do
constexpr std::size_t kSpan = 19;           // requests that finish in one decode step of the day

// Requests that finish in order of time, with lengths and times like those of the day.
std::vector<observe::RequestDone> finished_requests() {
  base::Stream draws(base::StreamFamily(1, "bench.requests"), 0);
  std::vector<observe::RequestDone> requests(kRequests);
  base::TimePoint now = base::kWindowStart + 1h;
  for (observe::RequestDone& request : requests) {
    const auto drawn = [&](double mean_seconds) {
      return base::duration_from_seconds(mean_seconds * draws.exponential());
    };
    now += drawn(1.0 / 1800.0);
    request.prompt_tokens = static_cast<std::int32_t>(draws.lognormal(8.0, 1.0)) + 1;
    request.cached_tokens = request.prompt_tokens / 2;
    request.output_tokens = static_cast<std::int32_t>(draws.lognormal(6.0, 1.2)) + 2;
    request.has_first_token = request.prefill_started = request.entered_decode = true;
    request.done = now;
    const base::Duration decode = base::duration_from_seconds(request.output_tokens * 0.045);
    request.first_token = now - decode - drawn(1.0);
    request.kv_arrived = request.first_token + 20ms;
    request.decode_start = request.kv_arrived + drawn(0.05);
    request.prefill_start = request.first_token - drawn(1.0);
    request.arrival = request.prefill_start - drawn(1.0);
  }
  return requests;
}

metrics::RecorderConfig day() {
  metrics::RecorderConfig config;
  config.duration = 24h;
  config.slo.ttft = {10s, 0.9};
  config.slo.tpot = {100ms, 0.9};
  return config;
}

void announce_all(observe::Observer& observer, const std::vector<observe::RequestDone>& requests) {
  for (std::size_t begin = 0; begin < requests.size(); begin += kSpan) {
    const std::size_t count = std::min(kSpan, requests.size() - begin);
    observer.on_requests_done(std::span(requests).subspan(begin, count));
    std::array<base::Duration, kSpan> gaps;
    for (std::size_t i = 0; i < count; ++i) {
      gaps[i] = 90ms + base::Duration(static_cast<std::int64_t>(i) * 1'000'000);
    }
    observer.on_first_chunks(std::span(gaps).first(count));
  }
}

void start_window(observe::Observer& observer) {
  observe::FleetSample sample;
  sample.window_start = true;
  observer.on_sample(sample);
}

void requests_done(benchmark::State& state) {
  const std::vector<observe::RequestDone> requests = finished_requests();
  metrics::Recorder recorder(day());
  start_window(recorder);
  for (auto _ : state) {
    announce_all(recorder, requests);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRequests));
}
BENCHMARK(requests_done);

// On the caller's thread: the copy. Wall time also waits for the other thread when that is slower.
void requests_done_threaded(benchmark::State& state) {
  const std::vector<observe::RequestDone> requests = finished_requests();
  metrics::Recorder recorder(day());
  base::Worker worker;
  metrics::ThreadedObserver threaded(recorder, worker);
  start_window(threaded);
  for (auto _ : state) {
    announce_all(threaded, requests);
  }
  threaded.finish();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRequests));
}
BENCHMARK(requests_done_threaded)->UseRealTime();

void decode_steps(benchmark::State& state) {
  metrics::Recorder recorder(day());
  observe::DecodeStepDone step;
  step.requests = 14'000;
  step.joined = 19;
  std::int64_t now = 0;
  for (auto _ : state) {
    now = (now + 90'000'000) % 80'000'000'000'000;
    step.start = base::TimePoint(base::Duration(now));
    step.end = step.start + 90ms;
    recorder.on_decode_step(step);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_steps);

}  // namespace
