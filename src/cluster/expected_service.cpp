#include "epfleet/cluster/expected_service.h"

#include <algorithm>
#include <vector>

#include "epfleet/cluster/full_steps.h"

namespace epfleet::cluster {
namespace {

// Over the run, as far as the scaling rule says so without load; at least one.
double mean_units(const FleetSpec& spec, std::int64_t UnitCounts::* phase) {
  double unit_s = 0.0;
  for (const Allotment& allotment : allotments_without_load(spec)) {
    unit_s += static_cast<double>(allotment.units.*phase) *
              base::to_seconds(allotment.until - allotment.from);
  }
  return std::max(1.0, unit_s / base::to_seconds(spec.window_end() - spec.run_start()));
}

// Seconds of a prefill step with the full token budget of standard prompts on every GPU.
double full_prefill_step_seconds(const FleetSpec& spec, const timing::PrefillPricer& pricer) {
  const timing::PrefillLoad load =
      standard_prefill_load(static_cast<std::int32_t>(spec.prefill.max_tokens_per_gpu.count()));
  const std::vector<timing::PrefillLoad> loads(static_cast<std::size_t>(spec.prefill.gpus), load);
  return base::to_seconds(pricer.price(loads).duration);
}

}  // namespace

double prefill_tokens_per_s_per_gpu(const FleetSpec& spec, const timing::PrefillPricer& pricer) {
  return static_cast<double>(spec.prefill.max_tokens_per_gpu.count()) /
         full_prefill_step_seconds(spec, pricer);
}

FleetCapacity fleet_capacity(const FleetSpec& spec, const StepPricers& pricers,
                             double mean_kv_tokens) {
  const double prefill_gpus =
      mean_units(spec, &UnitCounts::prefill_units) * static_cast<double>(spec.prefill.gpus);
  const double decode_gpus =
      mean_units(spec, &UnitCounts::decode_units) * static_cast<double>(spec.decode.gpus);
  const StepMix mix{.kv_tokens_per_request = mean_kv_tokens};
  return {prefill_gpus * prefill_tokens_per_s_per_gpu(spec, pricers.prefill),
          decode_gpus * full_decode_step(spec, pricers, mix).tokens_per_s_per_gpu()};
}

ServiceEstimate estimate_service(const FleetSpec& spec, const StepPricers& pricers,
                                 const SteadyLoad& load) {
  const auto gpus = static_cast<std::size_t>(spec.decode.gpus);
  const double units = mean_units(spec, &UnitCounts::decode_units);
  const double per_gpu = load.output_tokens_per_s / (units * static_cast<double>(gpus));
  const StepMix mix{.kv_tokens_per_request = load.mean_kv_tokens};
  // The smallest batch that keeps up; the full one if none does.
  std::int32_t low = 1;
  auto high = static_cast<std::int32_t>(max_requests_per_gpu(spec));
  while (low < high) {
    const std::int32_t batch = low + (high - low) / 2;
    const double rate = even_decode_step(spec, pricers, mix, batch).tokens_per_s_per_gpu();
    (rate >= per_gpu ? high : low) = rate >= per_gpu ? batch : batch + 1;
  }
  const FullStep step = even_decode_step(spec, pricers, mix, low);
  // Half a full step until the next one starts, and that one.
  constexpr double kStepsToFirstToken = 1.5;
  return {kStepsToFirstToken * full_prefill_step_seconds(spec, pricers.prefill),
          step.seconds / spec.decode.mtp.tokens_per_step(spec.decode.mtp.acceptance)};
}

}  // namespace epfleet::cluster
