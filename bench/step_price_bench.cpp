// What one call of the pricers costs, at the sizes of the published units. A simulated day makes
// about 8 million decode and 1.5 million prefill calls.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"

namespace {

using namespace epfleet;

// A placement whose imbalance falls with the number of tokens, as real ones do.
model::ExpertImbalance falling_imbalance() {
  model::ExpertImbalance imbalance;
  for (int knot = 0; knot <= 20; ++knot) {
    imbalance.max_over_mean.push_back(1.1 + 4.0 / (1.0 + knot));
  }
  return imbalance;
}

void decode_step(benchmark::State& state) {
  model::DecodeLayout layout;
  layout.gpus = state.range(0);
  layout.redundant_experts = layout.gpus == 144 ? 32 : 64;
  const timing::DecodePricer pricer({{}, {}, layout, falling_imbalance()});
  std::vector<std::int32_t> requests;
  std::vector<base::TokenParts32> kv;
  for (std::int32_t g = 0; g < layout.gpus; ++g) {
    requests.push_back(80 + g % 13);
    kv.push_back(base::TokenParts32::from_tokens(400'000 + 1'000 * (g % 29)));
  }
  std::size_t gpu = 0;
  for (auto _ : state) {
    requests[gpu] ^= 1;  // a request joins or leaves
    gpu = gpu + 1 < requests.size() ? gpu + 1 : 0;
    benchmark::DoNotOptimize(pricer.price(requests, kv));
  }
}
BENCHMARK(decode_step)->Arg(144)->Arg(320);

void prefill_step(benchmark::State& state) {
  const model::PrefillLayout layout;
  const timing::PrefillPricer pricer({{}, {}, layout, falling_imbalance()});
  std::vector<timing::PrefillLoad> loads;
  for (std::int32_t g = 0; g < layout.gpus; ++g) {
    loads.push_back({15'000 + 64 * (g % 17), 2'000 * (g % 5), 3, 4e7 + 1e6 * g});
  }
  std::size_t gpu = 0;
  for (auto _ : state) {
    loads[gpu].tokens ^= 64;
    gpu = gpu + 1 < loads.size() ? gpu + 1 : 0;
    benchmark::DoNotOptimize(pricer.price(loads));
  }
}
BENCHMARK(prefill_step);

void make_decode_pricer(benchmark::State& state) {
  const model::ExpertImbalance imbalance = falling_imbalance();
  for (auto _ : state) {
    benchmark::DoNotOptimize(timing::DecodePricer({{}, {}, {}, imbalance}));
  }
}
BENCHMARK(make_decode_pricer)->Unit(benchmark::kMicrosecond);

}  // namespace
