// planner: NVIDIA Dynamo's. The throughput rule, every throughput_interval: units for the predicted
// rates at what a unit carries within the objectives, corrected by how observed latencies compare
// with them. It is the floor of the load rule: one unit more when latencies miss, one fewer when
// they are below down_sensitivity of the objectives; frozen while units load or drain.
// Modelled: latencies as the phase's quantile instead of every engine's estimate.
// Left out: the predictors arima and prophet.
// Source: ai-dynamo/dynamo, planner-design.md and config/defaults.py (2026-02).
#include <fmt/format.h>

#include <algorithm>

#include "load_following.h"
#include "load_predictors.h"

namespace epfleet::policy {
namespace {

std::optional<double> limit_of(const std::optional<base::Duration>& own,
                               const std::optional<double>& objective) {
  return own ? std::optional(base::to_seconds(*own)) : objective;
}

class Planner : public SizingRule {
 public:
  explicit Planner(const ScalingSetup& setup)
      : config_(setup.config.planner),
        ttft_s_(limit_of(config_.ttft, setup.ttft_limit_s)),
        itl_s_(limit_of(config_.itl, setup.tpot_limit_s)),
        profile_(setup.profile),
        step_(setup.step()),
        ahead_(static_cast<double>(setup.start_up.count()) /
               static_cast<double>(config_.throughput_interval.count())),
        computed_(make_predictor(config_.predictor, config_.throughput_interval)),
        output_(make_predictor(config_.predictor, config_.throughput_interval)) {}

  Wanted size(const FleetView& view, base::TimePoint now) override {
    if (now >= next_throughput_) {
      next_throughput_ = now + config_.throughput_interval;
      floor_by_throughput(view);
    }
    Wanted wanted = floor_;
    wanted.prefill_units = std::max(wanted.prefill_units,
                                    by_latency(view.prefill, view.current().prefill_units,
                                               step_.prefill_units, view.latency.ttft_s, ttft_s_));
    wanted.decode_units =
        std::max(wanted.decode_units, by_latency(view.decode, view.current().decode_units,
                                                 step_.decode_units, view.latency.tpot_s, itl_s_));
    return wanted;
  }

 private:
  void floor_by_throughput(const FleetView& view) {
    const RequestMix& mix = view.traffic.mix;
    computed_->observe(view.traffic.computed_tokens_per_s);
    output_->observe(view.traffic.output_tokens_per_s);
    const double computed = computed_->predict(ahead_), output = output_->predict(ahead_);
    // Dynamo's correction: prefill queues, so what is observed may only lower the need.
    const double ttft = view.latency.ttft_s && ttft_s_ ? *view.latency.ttft_s / *ttft_s_ : 1.0;
    const double itl = view.latency.tpot_s && itl_s_ ? itl_correction(view) : 1.0;
    const double prefill_tps = profile_->prefill_tps(mix);
    const double decode_tps = profile_->decode_tps(mix, itl_s_.value_or(kNoLimit) / itl);
    floor_ = {computed / prefill_tps * std::min(1.0, ttft), output / decode_tps,
              fmt::format("{:.0f} computed and {:.0f} output tokens/s ahead, {:.0f} and {:.0f} a "
                          "unit",
                          computed, output, prefill_tps, decode_tps)};
  }

  // Observed over what the profile says of the load that is there.
  [[nodiscard]] double itl_correction(const FleetView& view) const {
    const auto units = static_cast<double>(std::max<std::int64_t>(view.decode.serving, 1));
    const double expected = profile_->tpot_s(
        view.traffic.mix, static_cast<double>(view.decode.running_requests) / units);
    return expected > 0.0 ? std::max(1.0, *view.latency.tpot_s / expected) : 1.0;
  }

  [[nodiscard]] double by_latency(const PhaseView& phase, std::int64_t units, std::int64_t step,
                                  const std::optional<double>& seen,
                                  const std::optional<double>& limit) const {
    const auto now = static_cast<double>(units);
    if (!seen || !limit || phase.loading > 0 || phase.draining > 0) {
      return seen || !limit ? now : 0.0;  // nothing to serve: the floor decides
    }
    if (*seen > *limit) {
      return now + static_cast<double>(step);
    }
    return *seen < *limit * config_.down_sensitivity ? now - static_cast<double>(step) : now;
  }

  static constexpr double kNoLimit = 1e3;  // seconds

  PlannerConfig config_;
  std::optional<double> ttft_s_, itl_s_;
  const UnitProfile* profile_;
  UnitCounts step_;
  double ahead_;  // intervals
  std::unique_ptr<LoadPredictor> computed_, output_;
  base::TimePoint next_throughput_ = base::TimePoint::min();
  Wanted floor_;
};

}  // namespace

std::unique_ptr<ScalingRule> make_planner(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<Planner>(setup));
}

}  // namespace epfleet::policy
