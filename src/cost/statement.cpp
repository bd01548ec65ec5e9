#include "epfleet/cost/statement.h"

#include <algorithm>
#include <cstddef>

#include "epfleet/base/error.h"
#include "price_calendar.h"

namespace epfleet::cost {
namespace {

using metrics::Interval;
using metrics::NodeTime;
using metrics::TokensByPayer;
using workload::Channel;
using workload::Variant;

constexpr auto kApi = static_cast<std::size_t>(Channel::Api);
constexpr auto kR1 = static_cast<std::size_t>(Variant::R1);

double as_double(std::int64_t value) { return static_cast<double>(value); }

// All that is paid for, in integers, so that parts add up to the whole before prices come in.
struct Usage {
  NodeTime prefill_ns, decode_ns;
  std::int64_t spare_ns = 0;  // of nodes, charged to decode
  TokensByPayer standard{};   // at the standard prices
  TokensByPayer off_peak{};   // at the off-peak prices
};

struct Stretch {
  base::TimePoint begin, end;
  Usage usage;
};

Usage usage_of(const Interval& row, const PricesConfig& prices, const PricingBasis& basis) {
  Usage usage{row.prefill_node_ns, row.decode_node_ns, row.spare_node_ns, row.tokens, {}};
  if (prices.off_peak) {
    const OffPeakWindow window(prices.off_peak_from, prices.off_peak_to, basis.window_start_utc);
    const TimeShare share = window.share(row.begin, row.end);
    for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
      observe::TokenTotals& at_peak = usage.standard[variant][kApi];
      const observe::TokenTotals off_peak = {share.of(at_peak.input), share.of(at_peak.cached),
                                             base::TokenParts(share.of(at_peak.output.count()))};
      usage.off_peak[variant][kApi] = off_peak;
      metrics::add(at_peak, off_peak, -1);
    }
  }
  return usage;
}

double usd(const TokenPrices& prices, const observe::TokenTotals& tokens) {
  const double per_million = prices.hit * as_double(tokens.cached) +
                             prices.miss * as_double(tokens.input - tokens.cached) +
                             prices.output * tokens.output.tokens();
  return per_million / 1e6;
}

Revenue revenue_of(const PricesConfig& prices, const PricingBasis& basis, const Usage& usage,
                   std::size_t variant) {
  const TokenPrices paid = basis.paid_book.value_or(prices.book)[variant];
  const TokenPrices off_peak = basis.paid_off_peak_book.value_or(prices.off_peak_book)[variant];
  TokensByPayer all = usage.standard;
  metrics::add(all, usage.off_peak);
  Revenue revenue;
  for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
    revenue.theoretical_usd += usd(prices.book[kR1], all[variant][channel]);
    revenue.expected_usd +=
        prices.paid_share[channel] * (usd(paid, usage.standard[variant][channel]) +
                                      usd(off_peak, usage.off_peak[variant][channel]));
  }
  return revenue;
}

// Nodes of a phase: how many GPUs each has, and what one costs.
struct NodePrice {
  double gpus, usd_per_gpu_hour;

  [[nodiscard]] double gpu_hours(std::int64_t node_ns) const {
    return as_double(node_ns) * 1e-9 / 3600.0 * gpus;
  }
  [[nodiscard]] double usd(std::int64_t node_ns) const {
    return gpu_hours(node_ns) * usd_per_gpu_hour;
  }
  friend bool operator==(const NodePrice&, const NodePrice&) = default;
};

// Node time that serves more than the work needs in full steps.
std::int64_t idle_ns(const NodeTime& time, double tokens, double node_tps) {
  if (node_tps <= 0.0) {
    return time.idle;
  }
  const auto needed = static_cast<std::int64_t>(tokens / node_tps * 1e9);
  return std::max<std::int64_t>(0, time.busy + time.idle - needed);
}

Account account_of(const Stretch& stretch, const PricesConfig& prices, const PricingBasis& basis) {
  const Usage& usage = stretch.usage;
  const std::int64_t prefill = usage.prefill_ns.allotted();
  const std::int64_t decode = usage.decode_ns.allotted() + usage.spare_ns;
  const NodePrice prefill_node{as_double(basis.prefill_gpus_per_node),
                               prices.prefill_gpu_hour.value_or(prices.gpu_hour).count()};
  const NodePrice decode_node{as_double(basis.decode_gpus_per_node),
                              prices.decode_gpu_hour.value_or(prices.gpu_hour).count()};
  Account account;
  account.begin = stretch.begin;
  account.end = stretch.end;
  const bool alike = prefill_node == decode_node;  // then one sum, priced once
  const auto usd_of = [&](std::int64_t prefill_ns, std::int64_t decode_ns) {
    return alike ? prefill_node.usd(prefill_ns + decode_ns)
                 : prefill_node.usd(prefill_ns) + decode_node.usd(decode_ns);
  };
  account.gpu_hours = prefill_node.gpus == decode_node.gpus
                          ? prefill_node.gpu_hours(prefill + decode)
                          : prefill_node.gpu_hours(prefill) + decode_node.gpu_hours(decode);
  account.cost_usd = usd_of(prefill, decode);
  account.prefill_usd = prefill_node.usd(prefill);
  account.decode_usd = decode_node.usd(decode);
  TokensByPayer tokens = usage.standard;
  metrics::add(tokens, usage.off_peak);
  const observe::TokenTotals all = metrics::sum(tokens);
  account.idle_usd =
      usd_of(idle_ns(usage.prefill_ns, as_double(all.input - all.cached), basis.prefill_node_tps),
             idle_ns(usage.decode_ns, all.output.tokens(), basis.decode_node_tps));
  for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
    account.per_model[variant] = revenue_of(prices, basis, usage, variant);
    account.revenue.theoretical_usd += account.per_model[variant].theoretical_usd;
    account.revenue.expected_usd += account.per_model[variant].expected_usd;
  }
  if (account.cost_usd > 0.0) {
    account.theoretical_margin_ratio = account.revenue.theoretical_usd / account.cost_usd - 1.0;
    account.expected_margin_ratio = account.revenue.expected_usd / account.cost_usd - 1.0;
  }
  return account;
}

UnitCost unit_cost_of(const Account& total, const Usage& usage) {
  TokensByPayer tokens = usage.standard;
  metrics::add(tokens, usage.off_peak);
  const observe::TokenTotals all = metrics::sum(tokens);
  UnitCost unit;
  unit.usd_per_m_input = metrics::ratio(total.prefill_usd * 1e6, as_double(all.input));
  unit.usd_per_m_computed_input =
      metrics::ratio(total.prefill_usd * 1e6, as_double(all.input - all.cached));
  unit.usd_per_m_output = metrics::ratio(total.decode_usd * 1e6, all.output.tokens());
  return unit;
}

}  // namespace

std::vector<base::TimePoint> price_changes(const PricesConfig& prices, const PricingBasis& basis,
                                           base::TimePoint end) {
  if (!prices.off_peak) {
    return {};
  }
  return OffPeakWindow(prices.off_peak_from, prices.off_peak_to, basis.window_start_utc).edges(end);
}

Statement price(const PricesConfig& prices, const PricingBasis& basis,
                std::span<const Interval> intervals, std::span<const Interval> pieces) {
  EPFLEET_CHECK(basis.prefill_gpus_per_node > 0 && basis.decode_gpus_per_node > 0,
                "a node has GPUs");
  const auto hour_of = [&](base::TimePoint begin) {
    return (begin - intervals.front().begin) / std::chrono::hours(1);
  };
  Statement statement;
  std::vector<Stretch> hours;
  auto piece = pieces.begin();
  for (const Interval& row : intervals) {
    Stretch stretch{row.begin, row.end, {}};
    for (; piece != pieces.end() && piece->begin < row.end; ++piece) {
      metrics::add(stretch.usage, usage_of(*piece, prices, basis));
    }
    statement.intervals.push_back(account_of(stretch, prices, basis));
    if (hours.empty() || hour_of(row.begin) != hour_of(hours.back().begin)) {
      hours.push_back(stretch);
    } else {
      hours.back().end = row.end;
      metrics::add(hours.back().usage, stretch.usage);
    }
  }
  Stretch total;
  if (!intervals.empty()) {
    total = {intervals.front().begin, intervals.back().end, {}};
  }
  for (const Stretch& hour : hours) {
    statement.hours.push_back(account_of(hour, prices, basis));
    metrics::add(total.usage, hour.usage);
  }
  statement.total = account_of(total, prices, basis);
  statement.unit_cost = unit_cost_of(statement.total, total.usage);
  return statement;
}

}  // namespace epfleet::cost
