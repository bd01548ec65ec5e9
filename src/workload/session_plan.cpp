#include "epfleet/workload/session_plan.h"

#include "epfleet/base/error.h"
#include "epfleet/workload/session_law.h"

namespace epfleet::workload {
namespace {

DayCurve birth_curve(const DayCurve& served, const SessionKernels& kernels) {
  return DayCurve(deconvolve_births(served.bin_means(kDayBins), kernels.served));
}

}  // namespace

SessionPlan plan_sessions(const SessionSourceSpec& spec) {
  EPFLEET_CHECK(spec.duration > base::Duration::zero(), "the counted window is not empty");
  const std::array<double, 24> hours = read_hourly_shape(spec.config.hourly_shape);
  const DayCurve served(hours);
  SolvedMix mix = solve_totals(spec.config, spec.seed, spec.block, spec.threads);

  // The window holds this many mean days of what is served.
  const double days =
      served.integral(0.0, base::to_seconds(spec.duration)) / (served.mean() * kDaySeconds);
  if (!(days > 0.0)) {
    base::Problem problem;
    problem.key = "workload.hourly_shape";
    problem.what = "the shape has no weight within the scenario's duration";
    problem.remedy = "choose another shape or a longer duration";
    throw base::InputError(std::move(problem));
  }
  std::array<double, kSessionClasses> per_day{};
  for (std::size_t c = 0; c < kSessionClasses; ++c) {
    per_day[c] = mix.sessions[c] / days * spec.config.rate_scale;
  }
  const SessionLaw law(mix.config, spec.seed);
  SessionKernels kernels =
      session_kernels(law, per_day, spec.service, spec.shape_weights, spec.block, spec.threads);
  DayCurve births = birth_curve(served, kernels);
  return {std::move(mix), per_day, std::move(births), std::move(kernels)};
}

}  // namespace epfleet::workload
