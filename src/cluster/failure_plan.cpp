#include "epfleet/cluster/failure_plan.h"

#include <algorithm>

#include "epfleet/base/random.h"

namespace epfleet::cluster {
namespace {

// Counts of causes (arXiv 2407.21783).
constexpr double kGpuShare = 268.0 / 419.0;
constexpr double kNicShare = 42.0 / 419.0;
constexpr double kDayS = 86'400.0;

FailureKind kind_of(double draw) {
  if (draw < kGpuShare) {
    return FailureKind::Gpu;
  }
  return draw < kGpuShare + kNicShare ? FailureKind::Nic : FailureKind::Node;
}

base::Duration usual_length(const FailuresConfig& config, FailureKind what) {
  return what == FailureKind::Gpu ? config.reset : config.repair;
}

// Of one unit, from the window's start on and, in a stream of their own, back from it: a longer
// warm-up moves no failure of the window.
void draw(const FleetSpec& spec, UnitName unit, std::int64_t nodes, std::int64_t gpus,
          std::vector<Failure>& plan) {
  const FailuresConfig& config = spec.failures;
  const base::StreamFamily family(spec.seed, "failures");
  const auto entity =
      static_cast<std::uint64_t>(unit.index) * 4 + (unit.kind == UnitKind::Decode ? 2 : 0);
  const double per_second = config.node_rate * static_cast<double>(nodes) / kDayS;
  for (const int back : {0, 1}) {
    const base::Duration length =
        back == 1 ? base::kWindowStart - spec.run_start() : spec.run_end() - base::kWindowStart;
    base::Duration since{};
    for (std::uint64_t index = 0;; ++index) {
      base::Stream stream(family, entity + static_cast<std::uint64_t>(back), index);
      const double gap_s = stream.exponential() / per_second;
      if (gap_s >= base::to_seconds(length - since)) {
        break;
      }
      since += base::duration_from_seconds(gap_s);
      const FailureKind what = kind_of(stream.uniform());
      const auto gpu = static_cast<std::uint32_t>(stream.uniform() * static_cast<double>(gpus));
      plan.push_back({base::kWindowStart + (back == 1 ? -since : since), what, unit, gpu,
                      usual_length(config, what), config.slow_share});
    }
  }
}

}  // namespace

std::vector<Failure> failure_plan(const FleetSpec& spec, std::int64_t prefill_units,
                                  std::int64_t decode_units) {
  const FailuresConfig& config = spec.failures;
  std::vector<Failure> plan;
  for (const FailureAt& at : config.at) {
    plan.push_back({base::kWindowStart + at.time, at.what, at.unit.value_or(UnitName{}),
                    static_cast<std::uint32_t>(at.gpu),
                    at.lasts.value_or(usual_length(config, at.what)),
                    at.share.value_or(config.slow_share)});
  }
  if (config.node_rate > 0.0) {
    for (std::int64_t unit = 0; unit < prefill_units; ++unit) {
      draw(spec, {UnitKind::Prefill, unit}, spec.prefill_unit_nodes(), spec.prefill.gpus, plan);
    }
    for (std::int64_t unit = 0; unit < decode_units; ++unit) {
      draw(spec, {UnitKind::Decode, unit}, spec.decode_unit_nodes(), spec.decode.gpus, plan);
    }
  }
  std::ranges::stable_sort(plan, {}, &Failure::at);
  return plan;
}

}  // namespace epfleet::cluster
