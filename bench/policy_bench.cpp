// Placing a request on a GPU of a decode unit: 155 million times a simulated day.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/policy/registry.h"

namespace {

using epfleet::base::TokenParts32;

void place_on_gpu(benchmark::State& state, const std::string& rule_name) {
  const auto gpus = static_cast<std::size_t>(state.range(0));
  epfleet::base::Stream draw(epfleet::base::StreamFamily(1, "policy_bench"), 0);
  std::vector<float> requests(gpus);  // with one more
  std::vector<TokenParts32> kv(gpus);
  for (std::size_t i = 0; i < gpus; ++i) {
    requests[i] = static_cast<float>(61 + draw.bits() % 20);
    kv[i] = TokenParts32(static_cast<std::int32_t>(80'000'000 + draw.bits() % 20'000'000));
  }
  const auto rule = epfleet::policy::decode_gpu_rules()[rule_name](1);
  const epfleet::policy::DecodeGpuView view{
      requests,
      kv,
      static_cast<std::int64_t>(std::accumulate(requests.begin(), requests.end(), 0.0F)),
      std::accumulate(kv.begin(), kv.end(), epfleet::base::TokenParts()),
      128,
      TokenParts32(180'000'000)};
  TokenParts32 ask(1'000'000);
  for (auto _ : state) {
    benchmark::DoNotOptimize(rule->choose({ask}, view));
    ask += TokenParts32::from_tokens(1);
  }
}

}  // namespace

BENCHMARK_CAPTURE(place_on_gpu, joint, std::string("joint"))->Arg(144)->Arg(320);
BENCHMARK_CAPTURE(place_on_gpu, least_kv, std::string("least_kv"))->Arg(144);
BENCHMARK_CAPTURE(place_on_gpu, round_robin, std::string("round_robin"))->Arg(144);
