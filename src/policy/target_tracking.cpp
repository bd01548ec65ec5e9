// target: the Kubernetes HPA on the load of each phase: wanted = ceil(current x metric / target),
// no change while the metric is within the tolerance of its target.
// Modelled: the metric is work done over what full steps of the serving units would have done:
//   being busy says nothing of a phase whose units are in a step all the time. Current are the
//   units that gave the metric, so that loading ones are not asked for again.
// Source: Kubernetes documentation, horizontal pod autoscaling (algorithm, tolerance 0.1, 80 %).
#include <fmt/format.h>

#include <cmath>

#include "load_following.h"

namespace epfleet::policy {
namespace {

class TargetTracking : public SizingRule {
 public:
  explicit TargetTracking(const TargetConfig& config) : config_(config) {}

  Wanted size(const FleetView& view, base::TimePoint /*now*/) override {
    return {wanted(view.prefill, view.current().prefill_units, config_.prefill_load),
            wanted(view.decode, view.current().decode_units, config_.decode_load),
            fmt::format("load of prefill {:.2f} for {:.2f}, of decode {:.2f} for {:.2f}",
                        view.prefill.work_ratio, config_.prefill_load, view.decode.work_ratio,
                        config_.decode_load)};
  }

 private:
  [[nodiscard]] double wanted(const PhaseView& phase, std::int64_t current, double load) const {
    const double ratio = phase.work_ratio / load;
    if (std::abs(ratio - 1.0) <= config_.tolerance) {
      return static_cast<double>(current);
    }
    return static_cast<double>(phase.serving) * ratio;
  }

  TargetConfig config_;
};

}  // namespace

std::unique_ptr<ScalingRule> make_target_tracking(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<TargetTracking>(setup.config.target));
}

}  // namespace epfleet::policy
