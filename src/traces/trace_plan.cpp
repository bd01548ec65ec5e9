#include "trace_plan.h"

#include <fmt/core.h>

#include <chrono>

#include "epfleet/base/error.h"
#include "epfleet/traces/trace_source.h"

namespace epfleet::traces {

TraceCut cut_of(const workload::WorkloadConfig& config, std::uint64_t seed) {
  const workload::TimeUnit unit = config.trace.time_unit;
  return {.path = config.path,
          .options = {.lenient = config.trace.lenient,
                      .block_tokens = config.trace.block,
                      .time_unit = unit == workload::TimeUnit::Auto
                                       ? ""
                                       : std::string(base::name_in(workload::kTimeUnitNames, unit)),
                      .columns = parse_columns(config.trace.columns),
                      .rate_scale = workload::arrivals_scale(config),
                      .seed = seed},
          .from = config.trace.from,
          .length = config.trace.length};
}

bool is_shaped(const workload::WorkloadConfig& config) {
  const bool flat = config.hourly_shape.empty() || config.hourly_shape == "flat";
  return config.trace.rate || !flat;
}

// A mix of clients has been drawn at the scaled rates.
double copies_of(const ScannedTrace& trace, const workload::WorkloadConfig& config) {
  return trace.info().format == "servegen" ? 1.0 : workload::arrivals_scale(config);
}

double stretch_factor(const ScannedTrace& trace, const workload::WorkloadConfig& config) {
  const auto& stretch = config.trace.stretch;
  return stretch ? base::to_seconds(*stretch) / base::to_seconds(trace.period()) : 1.0;
}

std::optional<base::Duration> window_of_trace(const workload::WorkloadConfig& config,
                                              std::uint64_t seed) {
  if (config.trace.repeat || is_shaped(config)) {
    return std::nullopt;
  }
  const ScannedTrace trace(cut_of(config, seed));
  const base::Duration warm_up = config.warm_up.value_or(base::Duration{});  // auto: none
  const bool one_moment = trace.span() <= base::Duration{} && !config.trace.length;
  if (one_moment && warm_up <= base::Duration{}) {
    return std::nullopt;
  }
  const double played_s = base::to_seconds(trace.period()) * stretch_factor(trace, config);
  const base::Duration window =
      (config.trace.stretch ? base::duration_from_seconds(played_s) : trace.period()) - warm_up;
  if (constexpr base::Duration kLongest = std::chrono::hours(400 * 24); window > kLongest) {
    throw base::InputError(
        {.file = config.path,
         .what = fmt::format("goes on for {:.0f} days, and the window would be as long",
                             base::to_seconds(window) / 86'400.0),
         .remedy = "play a part of it (--length), say its unit (--time-unit), or state the window "
                   "(--set 'duration=...')"});
  }
  if (one_moment || window <= base::Duration{}) {
    throw base::InputError(
        {.key = "workload.warm_up",
         .what = fmt::format("takes the whole trace, which is over after {:.6g} s: nothing of it "
                             "would be counted",
                             played_s),
         .remedy = "set workload.warm_up=0s, or repeat the trace (--tile '24 h')"});
  }
  return window;
}

}  // namespace epfleet::traces
