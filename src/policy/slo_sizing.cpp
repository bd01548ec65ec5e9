// slo and oracle: as many units as keep the objectives for a demand. slo measures the demand, looks
// ahead as far as a new unit takes to start, and corrects what its profile says by what it sees;
// oracle is told the demand of the whole run beforehand: the bound.
// Modelled: decode is filled until a token takes the objective's time, prefill to a share of its
//   full steps (scaling.slo.prefill_load), since what waits for the rest is TTFT. Missed objectives
//   and queues ask for more than the demand does.
// Never by the share of time that units are busy: a step is always running.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "load_following.h"
#include "load_predictors.h"

namespace epfleet::policy {
namespace {

constexpr double kNoLimit = 1e3;  // seconds per token
constexpr double kAll = 1e9;      // units

class SloSizing : public SizingRule {
 public:
  explicit SloSizing(const ScalingSetup& setup)
      : config_(setup.config.slo),
        ttft_s_(setup.ttft_limit_s),
        tpot_s_(setup.tpot_limit_s),
        profile_(setup.profile),
        ahead_(static_cast<double>((setup.start_up + setup.config.interval).count()) /
               static_cast<double>(setup.config.interval.count())),
        age_steps_(static_cast<double>(setup.config.view_age.count()) /
                   static_cast<double>(setup.config.interval.count())),
        computed_(config_.smoothing, config_.trend_smoothing),
        output_(config_.smoothing, config_.trend_smoothing) {}

  Wanted size(const FleetView& view, base::TimePoint /*now*/) override {
    const RequestMix& mix = view.traffic.mix;
    computed_.observe(view.traffic.computed_tokens_per_s);
    output_.observe(view.traffic.output_tokens_per_s);
    const double computed = ahead(computed_), output = ahead(output_);
    const double prefill_tps = config_.prefill_load * profile_->prefill_tps(mix);
    const double limit_s = tpot_s_.value_or(kNoLimit) * observed_speed(view);
    const double decode_tps = profile_->decode_tps(mix, limit_s);
    Wanted wanted{
        computed / prefill_tps, output / decode_tps,
        fmt::format("{:.0f} computed and {:.0f} output tokens/s ahead; a unit keeps {:.0f} "
                    "and {:.0f}",
                    computed, output, prefill_tps, decode_tps)};
    catch_up(view, wanted);
    return wanted;
  }

 private:
  // The most of now and of when a unit that is asked for now would serve.
  [[nodiscard]] double ahead(const HoltTrend& rate) const {
    return std::max(rate.predict(age_steps_), rate.predict(age_steps_ + ahead_));
  }

  // Of the profile's time per token: imbalance and pauses make the observed one longer.
  [[nodiscard]] double observed_speed(const FleetView& view) const {
    if (!view.latency.tpot_s || view.decode.serving == 0 || view.decode.running_requests == 0) {
      return 1.0;
    }
    const double expected =
        profile_->tpot_s(view.traffic.mix, static_cast<double>(view.decode.running_requests) /
                                               static_cast<double>(view.decode.serving));
    constexpr double kSlowest = 0.5;
    return std::clamp(expected / *view.latency.tpot_s, kSlowest, 1.0);
  }

  // What waits was not served by the units there are: emitted tokens do not show it.
  void catch_up(const FleetView& view, Wanted& wanted) const {
    if (ttft_s_ && view.latency.ttft_s.value_or(0.0) > *ttft_s_ && view.prefill.loading == 0) {
      wanted.prefill_units =
          std::max(wanted.prefill_units, static_cast<double>(view.prefill.serving) + 1.0);
      wanted.why += fmt::format("; TTFT {:.1f} s misses {:.1f} s", *view.latency.ttft_s, *ttft_s_);
    }
    const auto running = static_cast<double>(view.decode.running_requests);
    const auto waiting = static_cast<double>(view.decode.waiting_requests);
    constexpr double kQueue = 0.1;  // of those running; a few are always on their way
    if (waiting > kQueue * running && view.decode.serving > 0) {
      wanted.decode_units =
          std::max(wanted.decode_units, static_cast<double>(view.decode.serving) *
                                            (1.0 + waiting / std::max(running, 1.0)));
      wanted.why += fmt::format("; {:.0f} wait for decode", waiting);
    }
    if (tpot_s_ && view.latency.tpot_s.value_or(0.0) > *tpot_s_ && view.decode.loading == 0) {
      wanted.decode_units =
          std::max(wanted.decode_units, static_cast<double>(view.decode.serving) + 1.0);
      wanted.why += fmt::format("; TPOT {:.1f} ms misses {:.1f} ms", 1e3 * *view.latency.tpot_s,
                                1e3 * *tpot_s_);
    }
  }

  SloRuleConfig config_;
  std::optional<double> ttft_s_, tpot_s_;
  const UnitProfile* profile_;
  double ahead_, age_steps_;  // intervals
  HoltTrend computed_, output_;
};

class Oracle : public SizingRule {
 public:
  [[nodiscard]] bool knows_demand() const override { return true; }
  explicit Oracle(const ScalingSetup& setup)
      : prefill_load_(setup.config.slo.prefill_load),
        tpot_s_(setup.tpot_limit_s.value_or(kNoLimit)),
        profile_(setup.profile),
        ahead_(setup.start_up + setup.config.interval),
        demand_(setup.known_demand) {}

  Wanted size(const FleetView& /*view*/, base::TimePoint now) override {
    if (demand_.empty()) {
      return {kAll, kAll, "all: the demand is not known yet"};
    }
    while (first_ + 1 < demand_.size() && demand_[first_ + 1].from <= now) {
      ++first_;
    }
    Wanted wanted;
    for (std::size_t i = first_; i < demand_.size() && demand_[i].from <= now + ahead_; ++i) {
      const KnownDemand& demand = demand_[i];
      wanted.prefill_units =
          std::max(wanted.prefill_units, demand.computed_tokens_per_s /
                                             (prefill_load_ * profile_->prefill_tps(demand.mix)));
      wanted.decode_units =
          std::max(wanted.decode_units,
                   demand.output_tokens_per_s / profile_->decode_tps(demand.mix, tpot_s_));
    }
    wanted.why = "the demand to come";
    return wanted;
  }

 private:
  double prefill_load_, tpot_s_;
  const UnitProfile* profile_;
  base::Duration ahead_;
  std::span<const KnownDemand> demand_;
  std::size_t first_ = 0;
};

}  // namespace

std::unique_ptr<ScalingRule> make_slo_sizing(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<SloSizing>(setup));
}
std::unique_ptr<ScalingRule> make_oracle(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<Oracle>(setup));
}

}  // namespace epfleet::policy
