// slo and oracle: as many units as keep the objectives for a demand. slo measures the demand, looks
// ahead as far as a new unit takes to start, and corrects what its profile says by what it sees;
// oracle is told the demand of the whole run beforehand: the bound.
// Modelled: decode is filled until a token takes the objective's time, prefill to a share of its
//   full steps (scaling.slo.prefill_load), since what waits for the rest is TTFT. Missed objectives
//   and queues ask for more than the demand does.
// Never by the share of time that units are busy: a step is always running.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

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
        interval_(setup.config.interval),
        start_up_(setup.start_up),
        computed_(config_.smoothing, config_.trend_smoothing),
        output_(config_.smoothing, config_.trend_smoothing) {}

  Wanted size(const FleetView& view, base::TimePoint /*now*/) override {
    const RequestMix& mix = view.traffic.mix;
    computed_.observe(view.traffic.computed_tokens_per_s);
    output_.observe(view.traffic.output_tokens_per_s);
    const double computed = ahead(computed_, view.age), output = ahead(output_, view.age);
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
  [[nodiscard]] double ahead(const HoltTrend& rate, base::Duration age) const {
    const auto after = [&](base::Duration time) {
      return rate.predict(base::to_seconds(time) / base::to_seconds(interval_));
    };
    return std::max(after(age), after(age + start_up_ + interval_));
  }

  // Of the profile's time per token: imbalance and pauses make the observed one longer.
  [[nodiscard]] double observed_speed(const FleetView& view) const {
    if (!view.latency.tpot_s || view.decode.serving == 0 || view.decode.running_requests == 0) {
      return 1.0;
    }
    const double expected =
        profile_->tpot_s(view.traffic.mix, static_cast<double>(view.decode.running_requests) /
                                               static_cast<double>(view.decode.serving));
    constexpr double kSlowest = 0.5;  // a guess: less is a queue, not a slow unit
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
    constexpr double kQueue = 0.1;  // a guess: of those running, a few are always on their way
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
  base::Duration interval_, start_up_;
  HoltTrend computed_, output_;
};

class Oracle : public SizingRule {
 public:
  explicit Oracle(const ScalingSetup& setup)
      : prefill_load_(setup.config.slo.prefill_load),
        tpot_s_(setup.tpot_limit_s.value_or(kNoLimit)),
        profile_(setup.profile),
        ahead_(setup.start_up + setup.config.interval),
        demand_(setup.known_demand) {}

  [[nodiscard]] bool knows_demand() const override { return true; }

  Wanted size(const FleetView& /*view*/, base::TimePoint now) override {
    if (demand_.empty()) {
      return {kAll, kAll, "all: the demand is not known yet"};
    }
    for (; sized_ < demand_.size() && demand_[sized_].from <= now + ahead_; ++sized_) {
      coming_.push_back({demand_[sized_].from, needed(demand_[sized_])});
    }
    // What began last is still there.
    while (coming_.size() > 1 && coming_[1].from <= now) {
      coming_.pop_front();
    }
    Wanted most = coming_.front().units;
    for (const Coming& coming : coming_) {
      most.prefill_units = std::max(most.prefill_units, coming.units.prefill_units);
      most.decode_units = std::max(most.decode_units, coming.units.decode_units);
    }
    most.why = "the demand to come";
    return most;
  }

 private:
  struct Coming {
    base::TimePoint from;
    Wanted units;
  };

  [[nodiscard]] Wanted needed(const KnownDemand& demand) const {
    return {demand.computed_tokens_per_s / (prefill_load_ * profile_->prefill_tps(demand.mix)),
            demand.output_tokens_per_s / profile_->decode_tps(demand.mix, tpot_s_)};
  }

  double prefill_load_, tpot_s_;
  const UnitProfile* profile_;
  base::Duration ahead_;
  std::span<const KnownDemand> demand_;
  std::size_t sized_ = 0;
  std::deque<Coming> coming_;  // until `ahead_`, and what is now
};

}  // namespace

std::unique_ptr<ScalingRule> make_slo_sizing(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<SloSizing>(setup));
}
std::unique_ptr<ScalingRule> make_oracle(const ScalingSetup& setup) {
  return follow_load(setup, std::make_unique<Oracle>(setup));
}

}  // namespace epfleet::policy
