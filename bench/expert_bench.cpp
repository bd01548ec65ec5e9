// Placement of the experts of all 58 MoE layers (budget 5 ms by EPLB, 20 ms with weighted shares),
// and the imbalance tables that are made once at load time (budget 1.5 s for a decode and a prefill
// unit).
#include <benchmark/benchmark.h>

#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/experts/expert_load.h"
#include "epfleet/experts/expert_placement.h"

namespace {

using namespace epfleet;

constexpr int kLayers = 58;

void place_all_layers(benchmark::State& state, const experts::ExpertSlots& slots,
                      experts::ExpertRule rule) {
  base::Stream stream(base::StreamFamily(1, "bench.experts"), 0);
  std::vector<std::vector<double>> loads(kLayers, std::vector<double>(256));
  for (std::vector<double>& load : loads) {
    for (double& x : load) {
      x = stream.lognormal(0.0, 0.5);
    }
  }
  for (auto _ : state) {
    for (const std::vector<double>& load : loads) {
      benchmark::DoNotOptimize(experts::place_experts(load, slots, rule));
    }
  }
}

constexpr experts::ExpertSlots kPrefill = {256, 288, 8, 4, 32};
constexpr experts::ExpertSlots kDecode = {256, 288, 8, 18, 144};
const experts::ExpertRule kEplb = experts::expert_rules()["eplb"];
const experts::ExpertRule kWeighted = experts::expert_rules()["weighted"];

BENCHMARK_CAPTURE(place_all_layers, eplb_prefill, kPrefill, kEplb)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(place_all_layers, eplb_decode, kDecode, kEplb)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(place_all_layers, weighted_prefill, kPrefill, kWeighted)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(place_all_layers, weighted_decode, kDecode, kWeighted)
    ->Unit(benchmark::kMillisecond);

void bm_expected_imbalance(benchmark::State& state) {
  experts::ExpertLoadSpec spec;
  spec.gpus = state.range(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(experts::expected_imbalance(spec));
  }
}
BENCHMARK(bm_expected_imbalance)->Arg(32)->Arg(144)->Unit(benchmark::kMillisecond);

}  // namespace
