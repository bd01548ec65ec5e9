// Cost of the cache per request: 1,500 requests a simulated second, with the 2 million live
// sessions of full scale and with 10,000, which stay in the processor's caches. Their difference is
// the one access to memory per request that nothing avoids (a virtual machine was measured at 165
// ns for it); what is left is the cache's own work, with a budget of 60 ns.
#include <benchmark/benchmark.h>

#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/cache/prefix_cache.h"

namespace {

using namespace epfleet;

constexpr std::size_t kShared = 3000;

std::vector<workload::Request> random_requests(std::size_t count, std::uint32_t slots) {
  std::vector<workload::Request> requests(count);
  base::Stream stream(base::StreamFamily(1, "bench.cache"), 0);
  for (workload::Request& request : requests) {
    request.prefix.session_slot = static_cast<std::uint32_t>(stream.bits() % slots);
    request.prefix.shared_id = static_cast<std::uint32_t>(stream.bits() % kShared);
    request.prefix.shared_tokens = 0;
    request.prefix.session_tokens = 2000;
    request.prefix.first_turn = false;
    request.prefix.returns = stream.bits() % 4 != 0;
    request.prompt_tokens = 2100;
  }
  return requests;
}

// lookup + store, and forget for a quarter of the requests.
void session_cache_request(benchmark::State& state, const char* eviction) {
  const auto slots = static_cast<std::uint32_t>(state.range(0));
  cache::KvCacheConfig config;
  config.eviction = eviction;
  const auto cache = cache::make_prefix_cache(config, 70'272, kShared, 1);
  const std::vector<workload::Request> requests = random_requests(1U << 16U, slots);
  base::TimePoint now;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    workload::Request request = requests[slot % requests.size()];
    request.prefix.session_slot = slot;
    now += std::chrono::microseconds(667);
    benchmark::DoNotOptimize(cache->store(request, 2000, now, now));
  }
  std::size_t i = 0;
  for (auto _ : state) {
    const workload::Request& request = requests[i++ & (requests.size() - 1)];
    now += std::chrono::microseconds(667);
    benchmark::DoNotOptimize(cache->lookup(request, now));
    benchmark::DoNotOptimize(cache->store(request, 2050, now, now + std::chrono::seconds(1)));
    if (!request.prefix.returns) {
      cache->forget_session(request);
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void bm_lru(benchmark::State& state) { session_cache_request(state, "lru"); }
void bm_fifo(benchmark::State& state) { session_cache_request(state, "fifo"); }
BENCHMARK(bm_lru)->Arg(10'000)->Arg(2'000'000);
BENCHMARK(bm_fifo)->Arg(10'000)->Arg(2'000'000);

void bm_statistical(benchmark::State& state) {
  cache::KvCacheConfig config;
  config.model = cache::CacheModel::Statistical;
  config.hit_ratio = 0.563;
  const auto cache = cache::make_prefix_cache(config, 70'272, 0, 1);
  workload::Request request;
  request.prompt_tokens = 4000;
  std::uint64_t id = 0;
  for (auto _ : state) {
    request.id = base::RequestId(id++);
    benchmark::DoNotOptimize(cache->lookup(request, {}));
  }
}
BENCHMARK(bm_statistical);

}  // namespace
