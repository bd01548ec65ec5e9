// Each balancer's decision, by rule: a GPU of a decode unit, a decode unit, a prefill unit, and a
// GPU of a prefill unit. 155 million times each a simulated day. Units: those of the published day
// (9 and 29) and of ten times as many.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/policy/loads.h"
#include "epfleet/policy/registry.h"

namespace {

using namespace epfleet;
using base::TokenParts32;

base::Stream draws() { return {base::StreamFamily(1, "policy_bench"), 0}; }

void place_on_gpu(benchmark::State& state, policy::DecodeGpuRule& rule) {
  const auto gpus = static_cast<std::size_t>(state.range(0));
  base::Stream draw = draws();
  std::vector<float> requests(gpus);  // with one more
  std::vector<TokenParts32> kv(gpus);
  for (std::size_t i = 0; i < gpus; ++i) {
    requests[i] = static_cast<float>(61 + draw.bits() % 20);
    kv[i] = TokenParts32(static_cast<std::int32_t>(80'000'000 + draw.bits() % 20'000'000));
  }
  const policy::DecodeGpuView view{
      requests,
      kv,
      static_cast<std::int64_t>(std::accumulate(requests.begin(), requests.end(), 0.0F)),
      std::accumulate(kv.begin(), kv.end(), base::TokenParts()),
      128,
      TokenParts32(180'000'000)};
  TokenParts32 ask(1'000'000);
  for (auto _ : state) {
    benchmark::DoNotOptimize(rule.choose({ask}, view));
    ask += TokenParts32::from_tokens(1);
  }
}

void choose_decode_unit(benchmark::State& state, policy::DecodeUnitRule& rule) {
  const auto units = static_cast<std::uint32_t>(state.range(0));
  base::Stream draw = draws();
  policy::DecodeLoads loads(units);
  const auto reload = [&](std::uint32_t unit) {
    loads.set(unit, static_cast<std::int64_t>(9'000 + draw.bits() % 1'000),
              base::TokenParts::from_tokens(
                  static_cast<std::int64_t>(40'000'000 + draw.bits() % 4'000'000)));
  };
  for (std::uint32_t unit = 0; unit < units; ++unit) {
    reload(unit);
    loads.open(unit);
  }
  for (auto _ : state) {
    const std::uint32_t chosen = rule.choose({TokenParts32(1'000'000)}, loads.view());
    reload(chosen);
  }
}

// Units and GPUs of prefill alike.
void choose_prefill(benchmark::State& state, policy::PrefillRule& rule) {
  const auto candidates = static_cast<std::uint32_t>(state.range(0));
  base::Stream draw = draws();
  policy::PrefillLoads loads(candidates);
  const auto reload = [&](std::uint32_t candidate) {
    loads.set(candidate, static_cast<double>(400'000 + draw.bits() % 40'000),
              static_cast<double>(800'000'000 + draw.bits() % 100'000'000));
  };
  for (std::uint32_t candidate = 0; candidate < candidates; ++candidate) {
    reload(candidate);
    loads.open(candidate);
  }
  for (auto _ : state) {
    reload(rule.choose({2'000.0F, 4e6F}, loads.view()));
  }
}

// A benchmark a rule, named ROLE/RULE/CANDIDATES.
template <class Role>
bool add_rules(const std::string& role, const policy::Rules<Role>& rules,
               void (*run)(benchmark::State&, Role&), const std::vector<std::int64_t>& candidates) {
  for (const auto& row : rules.rows()) {
    auto* added = benchmark::RegisterBenchmark(
        (role + "/" + std::string(row.name)).c_str(),
        [make = row.make, run](benchmark::State& state) { run(state, *make(1)); });
    for (const std::int64_t count : candidates) {
      added->Arg(count);
    }
  }
  return true;
}

const bool kAdded =
    add_rules("place_on_gpu", policy::decode_gpu_rules(), place_on_gpu, {144, 320}) &&
    add_rules("decode_unit", policy::decode_unit_rules(), choose_decode_unit, {9, 90}) &&
    add_rules("prefill_unit", policy::prefill_unit_rules(), choose_prefill, {29, 272}) &&
    add_rules("prefill_gpu", policy::prefill_gpu_rules(), choose_prefill, {32});

}  // namespace
