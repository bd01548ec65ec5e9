// Whole steps of a unit, with what joins and leaves at them: a decode unit of the published layout
// at a stated number of requests per GPU, a prefill unit under a queue that never empties. A day
// has 8 million decode and 1.5 million prefill steps. An item is a request that joins and leaves.
#include <benchmark/benchmark.h>

#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/policy/registry.h"
#include "epfleet/serving/decode_unit.h"
#include "epfleet/serving/prefill_unit.h"
#include "epfleet/serving/step_budget.h"

namespace epfleet::serving {
namespace {

workload::Request drawn(base::Stream& draw) {
  workload::Request request;
  request.prompt_tokens = static_cast<std::int32_t>(draw.lognormal(7.0, 1.0)) % 30'000 + 1;
  request.output_tokens = static_cast<std::int32_t>(draw.bits() % 2'000) + 2;
  return request;
}

void decode_unit_step(benchmark::State& state) {
  const model::DecodeLayout layout;
  const timing::DecodePricer pricer({{}, {}, layout, {}});
  RequestPool pool;
  DecodeUnit unit(base::UnitId(0),
                  {.gpus = static_cast<std::int32_t>(layout.gpus),
                   .max_requests_per_gpu = 256,
                   .kv_capacity_tokens = 4'000'000,
                   .longest_stay_steps = 4'000},
                  pricer, pool);
  base::Stream draw(base::StreamFamily(1, "bench.decode_unit"), 0);
  base::TimePoint now;
  const auto place = [&](std::uint32_t gpu) {
    const RequestSlot slot = pool.add(drawn(draw));
    pool[slot].rate = base::TokenParts32(base::TokenParts32::from_tokens(9).count() / 5);
    unit.place(slot, gpu, now);
  };
  for (std::uint32_t gpu = 0; gpu < layout.gpus; ++gpu) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      place(gpu);
    }
  }
  std::vector<RequestSlot> finished;
  std::vector<RequestSlot> preempted;
  std::int64_t left = 0;
  const auto step = [&] {
    now += *unit.start_step(now);
    unit.finish_step(now, finished, preempted);
    left += static_cast<std::int64_t>(finished.size());
    for (const RequestSlot slot : finished) {
      const std::uint32_t gpu = pool[slot].decode_gpu;
      pool.remove(slot);
      place(gpu);
    }
    finished.clear();
  };
  for (int i = 0; i < 3'000; ++i) {  // until those of the start have left
    step();
  }
  left = 0;
  for (auto _ : state) {
    step();
  }
  state.SetItemsProcessed(left);
}
BENCHMARK(decode_unit_step)->ArgName("requests_per_gpu")->Arg(60)->Arg(100)->Arg(200);

void prefill_unit_step(benchmark::State& state) {
  constexpr std::int32_t kTokens = 16'384;
  const auto gpus = static_cast<std::int32_t>(model::PrefillLayout{}.gpus);
  const timing::PrefillPricer pricer(timing::PrefillLayer({}, {}, {}, {}));
  const auto rule = policy::prefill_gpu_rules()["joint"](1);
  RequestPool pool;
  PrefillUnit unit(base::UnitId(0),
                   {gpus, kTokens, standard_work_budget_s(pricer.work(), kTokens), 64, 100'000'000,
                    Placement::Step},
                   pricer, *rule, pool);
  base::Stream draw(base::StreamFamily(1, "bench.prefill_unit"), 0);
  base::TimePoint now;
  std::vector<RequestSlot> done;
  std::int64_t left = 0;
  for (int i = 0; i < 1'000; ++i) {
    unit.enqueue(pool.add(drawn(draw)));
  }
  for (auto _ : state) {
    now += *unit.start_step(now);
    unit.finish_step(now, done);
    left += static_cast<std::int64_t>(done.size());
    for (const RequestSlot slot : done) {
      unit.release_kv(pool[slot].prefill_gpu, now, pool[slot].prefill_tokens());
      pool.remove(slot);
      unit.enqueue(pool.add(drawn(draw)));
    }
    done.clear();
  }
  state.SetItemsProcessed(left);
}
BENCHMARK(prefill_unit_step);

}  // namespace
}  // namespace epfleet::serving
