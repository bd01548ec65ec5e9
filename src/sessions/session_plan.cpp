#include "epfleet/sessions/session_plan.h"

#include "epfleet/base/error.h"
#include "epfleet/sessions/session_law.h"

namespace epfleet::sessions {

SessionPlan plan_sessions(const SessionSourceSpec& spec) {
  EPFLEET_CHECK(spec.duration > base::Duration::zero(), "the counted window is not empty");
  const std::array<double, 24> hours = workload::read_hourly_shape(spec.config.hourly_shape);
  const workload::DayCurve served(hours);
  SolvedMix mix = solve_totals(spec.config, spec.seed, spec.block, spec.worker);

  // The window holds this many mean days of what is served.
  const double days = served.integral(0.0, base::to_seconds(spec.duration)) /
                      (served.mean() * workload::kDaySeconds);
  if (!(days > 0.0)) {
    throw base::InputError({.key = "workload.hourly_shape",
                            .what = "the shape has no weight within the scenario's duration",
                            .remedy = "choose another shape or a longer duration"});
  }
  std::array<double, workload::kSessionClasses> per_day{};
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    per_day[c] = mix.sessions[c] / days * workload::arrivals_scale(spec.config);
  }
  const SessionLaw law(mix.config, spec.seed);
  SessionKernels kernels =
      session_kernels(law, per_day, spec.service, spec.shape_weights, spec.block, spec.worker);
  workload::DayCurve starts(deconvolve_starts(served.bin_means(kDayBins), kernels.served));
  return {std::move(mix), per_day, std::move(starts), std::move(kernels)};
}

}  // namespace epfleet::sessions
