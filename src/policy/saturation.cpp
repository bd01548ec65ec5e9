// saturation: llm-d's workload variant autoscaler: one unit more when the mean spare KV or the mean
// spare queue of a GPU is below its trigger, one less when both would stay above it with the load
// on one unit fewer; no step while units load. In groups, steps are groups.
// Modelled: means over a phase's GPUs; prefill by its queue alone, since prompts leave its memory
//   within seconds.
// Left out: leaving saturated replicas out of the means (units here are balanced).
// Source: llm-d-workload-variant-autoscaler b08b1c7, docs/saturation-analyzer.md (with defaults).
#include <fmt/format.h>

#include <algorithm>

#include "load_following.h"

namespace epfleet::policy {
namespace {

class Saturation : public SizingRule {
 public:
  explicit Saturation(const ScalingSetup& setup)
      : config_(setup.config.saturation), gpus_(setup.gpus), step_(setup.step()) {}

  Wanted size(const FleetView& view, base::TimePoint /*now*/) override {
    const UnitCounts now = view.current();
    const Step prefill = step(view.prefill, gpus_.prefill_units, 0.0);
    const Step decode = step(view.decode, gpus_.decode_units, view.decode.load);
    return {static_cast<double>(now.prefill_units + prefill.units * step_.prefill_units),
            static_cast<double>(now.decode_units + decode.units * step_.decode_units),
            fmt::format("{:.1f} waiting per prefill GPU, {:.1f} per decode GPU; KV {:.0f} % full",
                        prefill.queue, decode.queue, 100.0 * view.decode.load)};
  }

 private:
  struct Step {
    std::int64_t units;  // or groups
    double queue;        // waiting per GPU
  };
  [[nodiscard]] Step step(const PhaseView& phase, std::int64_t gpus_per_unit, double kv) const {
    const auto units = static_cast<double>(std::max<std::int64_t>(phase.serving, 1));
    const double queue = static_cast<double>(phase.waiting_requests) /
                         (units * static_cast<double>(std::max<std::int64_t>(gpus_per_unit, 1)));
    const auto spares = [&](double load) {
      return config_.kv_limit - kv * load >= config_.kv_spare &&
             config_.queue_limit - queue * load >= config_.queue_spare;
    };
    if (phase.loading > 0) {
      return {0, queue};
    }
    if (!spares(1.0)) {
      return {1, queue};
    }
    return {units >= 2.0 && spares(units / (units - 1.0)) ? -1 : 0, queue};
  }

  SaturationConfig config_;
  UnitCounts gpus_, step_;
};

}  // namespace

std::unique_ptr<ScalingRule> make_saturation(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<Saturation>(setup));
}

}  // namespace epfleet::policy
