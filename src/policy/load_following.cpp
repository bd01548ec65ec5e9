#include "load_following.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

namespace epfleet::policy {
namespace {

// So much above a whole number of units is rounding, not need.
constexpr double kRounding = 1e-6;

std::int64_t whole_units(double units) {
  constexpr double kMost = 1e9;
  return static_cast<std::int64_t>(std::ceil(std::clamp(units, 0.0, kMost) - kRounding));
}

// Groups whose units of a phase suffice.
std::int64_t groups_for(std::int64_t units, std::int64_t base, std::int64_t group) {
  return group > 0 ? std::max<std::int64_t>(0, (units - base + group - 1) / group) : 0;
}

std::int64_t gpus_of(const UnitCounts& units, const UnitCounts& gpus) {
  return units.prefill_units * gpus.prefill_units + units.decode_units * gpus.decode_units;
}

class LoadFollowing : public ScalingRule {
 public:
  LoadFollowing(const ScalingSetup& setup, std::unique_ptr<SizingRule> rule)
      : config_(setup.config),
        base_(setup.base),
        group_(setup.group),
        gpus_(setup.gpus),
        rule_(std::move(rule)) {
    gpu_limit_ = setup.pool_gpus;
    if (config_.gpu_budget) {
      gpu_limit_ = std::min(gpu_limit_.value_or(*config_.gpu_budget), *config_.gpu_budget);
    }
    // A service of one phase is none.
    fewest_groups_ =
        std::max({config_.min_groups, groups_for(1, base_.prefill_units, group_.prefill_units),
                  groups_for(1, base_.decode_units, group_.decode_units)});
    most_groups_ = std::max(most_groups(setup), fewest_groups_);
    start_groups_ = std::clamp(setup.groups, fewest_groups_, most_groups_);
  }

  Target decide(const FleetView& view, base::TimePoint now) override {
    if (past_.empty()) {  // the start
      const UnitCounts units = least(units_of(start_groups_), most_units());
      past_.push_back({now, units});
      return {units, units, now + config_.interval};
    }
    if (view.traffic.seconds <= 0.0) {  // no look is old enough yet
      return {view.target.allotted, view.target.allotted, now + config_.interval};
    }
    Wanted wanted = rule_->size(view, now);
    const UnitCounts serving{whole_units(wanted.prefill_units), whole_units(wanted.decode_units)};
    const UnitCounts units = stabilised(limited(serving + view.down()), now);
    return towards(within_budget(units, view), view, now, std::move(wanted.why));
  }

  [[nodiscard]] UnitCounts most_units() const override {
    if (!config_.separate || !gpu_limit_ || config_.max_groups) {
      return units_of(most_groups_);
    }
    // Each phase beside the fewest of the other.
    const UnitCounts fewest = most(units_of(config_.min_groups), {1, 1});
    const auto beside = [&](std::int64_t UnitCounts::* phase, std::int64_t UnitCounts::* other) {
      return std::max(fewest.*phase, (*gpu_limit_ - fewest.*other * gpus_.*other) / gpus_.*phase);
    };
    return {beside(&UnitCounts::prefill_units, &UnitCounts::decode_units),
            beside(&UnitCounts::decode_units, &UnitCounts::prefill_units)};
  }
  [[nodiscard]] bool follows_load() const override { return true; }
  [[nodiscard]] bool knows_demand() const override { return rule_->knows_demand(); }

 private:
  struct Past {
    base::TimePoint at;
    UnitCounts units;
  };

  [[nodiscard]] UnitCounts units_of(std::int64_t groups) const { return base_ + groups * group_; }

  // As many as max_groups says, and the GPUs are enough for.
  [[nodiscard]] std::int64_t most_groups(const ScalingSetup& setup) const {
    const std::int64_t group_gpus = gpus_of(group_, gpus_);
    std::optional<std::int64_t> most = config_.max_groups;
    if (gpu_limit_ && group_gpus > 0 && !(config_.separate && most)) {
      const std::int64_t held =
          std::max<std::int64_t>(0, *gpu_limit_ - gpus_of(base_, gpus_)) / group_gpus;
      most = std::min(most.value_or(held), held);
    }
    return most.value_or(setup.groups);
  }

  [[nodiscard]] UnitCounts limited(const UnitCounts& units) const {
    if (config_.separate) {
      return least(most(most(units, units_of(config_.min_groups)), {1, 1}), most_units());
    }
    const std::int64_t groups =
        std::max(groups_for(units.prefill_units, base_.prefill_units, group_.prefill_units),
                 groups_for(units.decode_units, base_.decode_units, group_.decode_units));
    return units_of(std::clamp(groups, fewest_groups_, most_groups_));
  }

  // The most that was wanted during the last scaling.stabilisation.
  UnitCounts stabilised(UnitCounts units, base::TimePoint now) {
    past_.push_back({now, units});
    while (past_.front().at < now - config_.stabilisation) {
      past_.pop_front();
    }
    for (const Past& past : past_) {
      units = most(units, past.units);
    }
    return units;
  }

  // What is in use stays in use until it is empty. More than that is taken only as far as GPUs are
  // left: a unit of the phase that lacks the larger share of its own first.
  [[nodiscard]] UnitCounts within_budget(UnitCounts wanted, const FleetView& view) const {
    const UnitCounts held = most(view.held, view.target.allotted);
    if (!gpu_limit_ || gpus_of(most(wanted, held), gpus_) <= *gpu_limit_) {
      return wanted;
    }
    UnitCounts granted = least(wanted, held);
    std::int64_t left = *gpu_limit_ - gpus_of(held, gpus_);
    const auto lacks = [&](std::int64_t UnitCounts::* phase) {
      return static_cast<double>(wanted.*phase - granted.*phase) /
             static_cast<double>(std::max<std::int64_t>(wanted.*phase, 1));
    };
    const auto take = [&](UnitCounts more) {
      left -= gpus_of(more, gpus_);
      granted = granted + more;
    };
    if (!config_.separate) {
      while (granted != wanted && gpus_of(group_, gpus_) <= left) {
        take(group_);
      }
      return least(granted, wanted);
    }
    constexpr UnitCounts kPrefill{1, 0}, kDecode{0, 1};
    while (granted != wanted) {
      const bool prefill = lacks(&UnitCounts::prefill_units) >= lacks(&UnitCounts::decode_units);
      const UnitCounts first = prefill ? kPrefill : kDecode, other = prefill ? kDecode : kPrefill;
      const auto fits = [&](const UnitCounts& more) {
        return gpus_of(more, gpus_) <= left && least(granted + more, wanted) == granted + more;
      };
      if (fits(first)) {
        take(first);
      } else if (fits(other)) {
        take(other);
      } else {
        break;
      }
    }
    return granted;
  }

  // Up at once; down by draining first, and releasing scaling.drain_lead later.
  Target towards(const UnitCounts& units, const FleetView& view, base::TimePoint now,
                 std::string why) {
    const UnitCounts before = view.target.serving;
    if (least(units, before) != before) {
      drains_until_ = now + config_.drain_lead;
    }
    Target target{
        .allotted = units, .serving = units, .next = now + config_.interval, .why = std::move(why)};
    if (now < drains_until_) {
      target.allotted = most(units, view.target.allotted);
      target.next = std::min(target.next, drains_until_);
    }
    return target;
  }

  ScalingConfig config_;
  UnitCounts base_, group_, gpus_;
  std::unique_ptr<SizingRule> rule_;
  std::optional<std::int64_t> gpu_limit_;
  std::int64_t fewest_groups_ = 0, most_groups_ = 0, start_groups_ = 0;
  std::deque<Past> past_;
  base::TimePoint drains_until_ = base::TimePoint::min();
};

}  // namespace

std::unique_ptr<ScalingRule> follow_load(const ScalingSetup& setup,
                                         std::unique_ptr<SizingRule> rule) {
  return std::make_unique<LoadFollowing>(setup, std::move(rule));
}

}  // namespace epfleet::policy
