// What the service cost and what it would have earned: the price book applied to node time and
// tokens. Sums are integers (node-nanoseconds, 1/256 tokens) until the end and priced once, so that
// hours add up to the total and no rounding gathers.
// Modelled: GPU-hours of every allotted node (busy, idle, loading, draining, down) and spare one;
//   theoretical revenue (all tokens at the standard prices of R1); expected revenue (by variant,
//   paid share of the channel, and the windows of the calendar). Edges of windows inside an
//   interval split it by time.
// Left out: taxes, free tiers, storage, network, staff.
// Source: price pages of February 2025, and the operator's definition of theoretical revenue.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/cost/config.h"
#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/metric.h"
#include "epfleet/workload/request.h"

namespace epfleet::cost {

using metrics::Better;
using metrics::Kind;
using metrics::of;

// What prices need to know of the run and are not prices.
struct PricingBasis {
  std::int64_t prefill_gpus_per_node = 8, decode_gpus_per_node = 8;
  std::chrono::sys_seconds window_start_utc{};
  // What tokens are paid at, where classes have prices of their own: the mean over the classes, for
  // every one of books_of(prices). Empty: those.
  std::vector<Book> paid_books{};
  // What a node carries per second in full steps: computed and output tokens; 0: not known.
  double prefill_node_tps = 0.0, decode_node_tps = 0.0;
};

struct Revenue {
  double theoretical_usd = 0.0;
  double expected_usd = 0.0;
};

inline constexpr metrics::Row<Revenue> kRevenueRows[] = {
    {"theoretical_usd", "USD", Kind::Flow, Better::More, of<&Revenue::theoretical_usd>,
     "All tokens at the standard prices of R1."},
    {"expected_usd", "USD", Kind::Flow, Better::More, of<&Revenue::expected_usd>,
     "Tokens at the prices of their model, channel and time, the paid share of their channel "
     "only."},
};

struct Account {
  base::TimePoint begin, end;
  double gpu_hours = 0.0;
  double cost_usd = 0.0, prefill_usd = 0.0, decode_usd = 0.0, idle_usd = 0.0;
  Revenue revenue;
  std::array<Revenue, workload::kVariants> per_model{};  // by Variant; sums to `revenue`
  metrics::Measure theoretical_margin_ratio, expected_margin_ratio;
};

inline constexpr metrics::Row<Account> kCostRows[] = {
    {"gpu_hours", "GPU-hours", Kind::Flow, Better::Less, of<&Account::gpu_hours>,
     "GPU time of all allotted nodes: busy, idle, loading, draining, down and spare."},
    {"usd", "USD", Kind::Flow, Better::Less, of<&Account::cost_usd>,
     "GPU time of all allotted nodes at the price of their phase: prefill + decode."},
    {"prefill_usd", "USD", Kind::Flow, Better::Less, of<&Account::prefill_usd>,
     "Cost of the prefill nodes."},
    {"decode_usd", "USD", Kind::Flow, Better::Less, of<&Account::decode_usd>,
     "Cost of the decode nodes, and of spare ones."},
    {"idle_usd", "USD", Kind::Flow, Better::Less, of<&Account::idle_usd>,
     "Of the cost, that of serving nodes that full steps would not have needed for the work done."},
};

inline constexpr metrics::Row<Account> kMarginRows[] = {
    {"theoretical_ratio", "share", Kind::Ratio, Better::More,
     of<&Account::theoretical_margin_ratio>, "Theoretical revenue / cost - 1."},
    {"expected_ratio", "share", Kind::Ratio, Better::More, of<&Account::expected_margin_ratio>,
     "Expected revenue / cost - 1."},
};

struct UnitCost {
  metrics::Measure usd_per_m_input, usd_per_m_computed_input, usd_per_m_output;
};

inline constexpr metrics::Row<UnitCost> kUnitCostRows[] = {
    {"usd_per_m_input", "USD per million tokens", Kind::Ratio, Better::Less,
     of<&UnitCost::usd_per_m_input>, "Cost of prefill nodes over input tokens."},
    {"usd_per_m_computed_input", "USD per million tokens", Kind::Ratio, Better::Less,
     of<&UnitCost::usd_per_m_computed_input>, "Cost of prefill nodes over computed tokens."},
    {"usd_per_m_output", "USD per million tokens", Kind::Ratio, Better::Less,
     of<&UnitCost::usd_per_m_output>, "Cost of decode nodes over output tokens."},
};

struct Statement {
  Account total;
  UnitCost unit_cost;
  std::vector<Account> intervals;  // one for each interval given, in order
  std::vector<Account> hours;      // from the first interval's begin; the last may be shorter
  std::string currency;            // what the amounts are called
  std::vector<metrics::TokensByPayer> tokens;  // all of them, by the book of books_of(prices)
};

// By tariff: the standard one, then for every one of prices.token_windows() what it asks.
[[nodiscard]] std::vector<Book> books_of(const PricesConfig& prices);

// When prices change in the window, in order.
[[nodiscard]] std::vector<base::TimePoint> price_changes(const PricesConfig& prices,
                                                         const PricingBasis& basis,
                                                         base::TimePoint end);

// An interval belongs to the hour in which it begins. `pieces` are what the intervals are made of,
// cut at the price changes (else such an interval is split by time). REQUIRES: in order of time.
[[nodiscard]] Statement price(const PricesConfig& prices, const PricingBasis& basis,
                              std::span<const metrics::Interval> intervals,
                              std::span<const metrics::Interval> pieces);

}  // namespace epfleet::cost
