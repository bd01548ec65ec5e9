// When a unit stands still because its experts move to new places.
// Modelled: a rebalance comes due at fixed times and begins when the running step has ended; the
//   next step begins when it is over, which the unit's clock sees as a longer step. A unit without
//   a step at that time loses nothing but what is left of it when its next step starts.
// Left out: weights that move beside the running steps (they would share the NICs with the
//   all-to-all, and need room for both places).
// Source: DeepSeek-V3 report, section 3.4: experts are rearranged about every 10 minutes.
#pragma once

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"

namespace epfleet::serving {

class RebalancePause {
 public:
  RebalancePause() = default;  // never
  // REQUIRES: every > 0.
  RebalancePause(base::TimePoint first_due, base::Duration every, base::Duration stall)
      : due_(first_due), every_(every), stall_(stall) {
    EPFLEET_CHECK(every > base::Duration::zero(), "rebalances are some time apart");
  }

  // The time to the end of a step of this price that starts now. Call once a step, in order.
  [[nodiscard]] base::Duration stretched(base::TimePoint now, base::Duration price) {
    if (now >= due_) {
      price += left_of_rebalance(now);
    }
    busy_until_ = now + price;
    return price;
  }
  // That step was given up: the unit is free from now on.
  void interrupted(base::TimePoint now) { busy_until_ = now; }

 private:
  // What is left of the last one that came due; earlier ones were over while the unit was idle.
  base::Duration left_of_rebalance(base::TimePoint now) {
    const base::TimePoint last_due = due_ + (now - due_) / every_ * every_;
    due_ = last_due + every_;
    const base::TimePoint over = std::max(last_due, busy_until_) + stall_;
    return std::max(base::Duration::zero(), over - now);
  }

  base::TimePoint due_ = base::TimePoint::max();
  base::Duration every_{}, stall_{};
  base::TimePoint busy_until_ = base::TimePoint::min();
};

}  // namespace epfleet::serving
