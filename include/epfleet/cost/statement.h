// What the service cost and what it would have earned: the price book applied to node time and
// tokens. Sums are integers (node-nanoseconds, 1/256 tokens) until the end and priced once, so that
// hours add up to the total and no rounding gathers. Modelled: GPU-hours of every allotted node
// (busy, idle, loading, draining); theoretical revenue (all tokens at the standard prices of R1);
// expected revenue (by variant, paid share of the channel, and the off-peak prices, which hold for
// the API only). Off-peak edges inside an interval split it by time. Left out: taxes, free tiers,
// storage, network, staff. Source: price pages of February 2025, and the operator's definition of
// theoretical revenue.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/cost/config.h"
#include "epfleet/metrics/interval.h"
#include "epfleet/workload/request.h"

namespace epfleet::cost {

// What prices need to know of the run and are not prices.
struct PricingBasis {
  std::int64_t gpus_per_node = 8;
  base::Duration window_start_utc{};  // time of day at the window's start, from midnight UTC
};

struct Revenue {
  double theoretical_usd = 0.0;
  double expected_usd = 0.0;
};

struct Account {
  base::TimePoint begin, end;
  double gpu_hours = 0.0;
  double cost_usd = 0.0;  // = prefill + decode
  double prefill_usd = 0.0, decode_usd = 0.0;
  double idle_usd = 0.0;  // of cost_usd: nodes that were serving and had nothing to do
  Revenue revenue;
  std::array<Revenue, workload::kVariants> per_model{};  // by Variant; sums to `revenue`
  // revenue / cost - 1
  metrics::Measure theoretical_margin_ratio, expected_margin_ratio;
};

// Cost of prefill nodes over their tokens, of decode nodes over theirs; USD per million tokens.
struct UnitCost {
  metrics::Measure usd_per_m_input, usd_per_m_computed_input, usd_per_m_output;
};

struct Statement {
  Account total;
  UnitCost unit_cost;
  std::vector<Account> intervals;  // one for each interval given, in order
  std::vector<Account> hours;      // from the first interval's begin; the last may be shorter
};

// An interval belongs to the hour in which it begins. REQUIRES: intervals in order of time.
[[nodiscard]] Statement price(const PricesConfig& prices, const PricingBasis& basis,
                              std::span<const metrics::Interval> intervals);

}  // namespace epfleet::cost
