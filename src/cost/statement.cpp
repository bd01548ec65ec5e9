#include "epfleet/cost/statement.h"

#include <algorithm>
#include <cstddef>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "price_calendar.h"

namespace epfleet::cost {
namespace {

using metrics::Interval;
using metrics::NodeTime;
using metrics::TokensByPayer;
using workload::Channel;
using workload::Variant;

constexpr auto kR1 = static_cast<std::size_t>(Variant::R1);

using base::real;

// Of allotted nodes; spare ones are decode's.
struct PhaseTime {
  std::int64_t prefill_ns = 0, decode_ns = 0;
};

// All that is paid for, in integers, so that parts add up to the whole before prices come in.
struct Usage {
  NodeTime prefill_ns, decode_ns;
  std::vector<TokensByPayer> tokens;  // by tariff
  std::vector<PhaseTime> nodes;       // by tariff of GPU hours
};

void add(Usage& into, const Usage& other) {
  metrics::add(into.prefill_ns, other.prefill_ns);
  metrics::add(into.decode_ns, other.decode_ns);
  for (std::size_t i = 0; i < into.tokens.size(); ++i) {
    metrics::add(into.tokens[i], other.tokens[i]);
  }
  for (std::size_t i = 0; i < into.nodes.size(); ++i) {
    metrics::add(into.nodes[i], other.nodes[i]);
  }
}

struct Stretch {
  base::TimePoint begin, end;
  Usage usage;
};

TokensByPayer all_tokens(const Usage& usage) {
  TokensByPayer all{};
  for (const TokensByPayer& tokens : usage.tokens) {
    metrics::add(all, tokens);
  }
  return all;
}

double usd(const TokenPrices& prices, const observe::TokenTotals& tokens) {
  const double per_million = prices.hit * real(tokens.cached) +
                             prices.miss * real(tokens.input - tokens.cached) +
                             prices.output * tokens.output.tokens();
  return per_million / 1e6;
}

// Nodes of a phase: how many GPUs each has, and what one costs.
struct NodePrice {
  double gpus, usd_per_gpu_hour;

  [[nodiscard]] double gpu_hours(std::int64_t node_ns) const {
    return real(node_ns) * 1e-9 / 3600.0 * gpus;
  }
  [[nodiscard]] double usd(std::int64_t node_ns) const {
    return gpu_hours(node_ns) * usd_per_gpu_hour;
  }
  friend bool operator==(const NodePrice&, const NodePrice&) = default;
};

// Of both phases, and what node time of both costs.
struct NodePrices {
  NodePrice prefill, decode;

  [[nodiscard]] double usd(std::int64_t prefill_ns, std::int64_t decode_ns) const {
    return prefill == decode ? prefill.usd(prefill_ns + decode_ns)  // one sum, priced once
                             : prefill.usd(prefill_ns) + decode.usd(decode_ns);
  }
};

// Node time that serves more than the work needs in full steps.
std::int64_t idle_ns(const NodeTime& time, double tokens, double node_tps) {
  if (node_tps <= 0.0) {
    return time.idle;
  }
  const auto needed = static_cast<std::int64_t>(tokens / node_tps * 1e9);
  return std::max<std::int64_t>(0, time.busy + time.idle - needed);
}

class Pricer {
 public:
  Pricer(const PricesConfig& prices, const PricingBasis& basis)
      : prices_(prices),
        basis_(basis),
        calendar_(prices, basis.window_start_utc),
        paid_(basis.paid_books.empty() ? books_of(prices) : basis.paid_books) {
    EPFLEET_CHECK(basis.prefill_gpus_per_node > 0 && basis.decode_gpus_per_node > 0,
                  "a node has GPUs");
    EPFLEET_CHECK(paid_.size() == calendar_.token_windows().size() + 1, "a book for every tariff");
    const auto of_gpu_hour = [&](std::optional<base::UsdPerHour> prefill,
                                 std::optional<base::UsdPerHour> decode) {
      return NodePrices{
          {real(basis.prefill_gpus_per_node), prefill.value_or(prices.gpu_hour).count()},
          {real(basis.decode_gpus_per_node), decode.value_or(prices.gpu_hour).count()}};
    };
    nodes_.push_back(of_gpu_hour(prices.prefill_gpu_hour, prices.decode_gpu_hour));
    for (const PriceWindow& window : calendar_.gpu_windows()) {
      nodes_.push_back(of_gpu_hour(window.gpu_hour, window.gpu_hour));
    }
  }

  [[nodiscard]] Usage none() const {
    return {
        {}, {}, std::vector<TokensByPayer>(paid_.size()), std::vector<PhaseTime>(nodes_.size())};
  }

  [[nodiscard]] Usage usage_of(const Interval& row) const {
    Usage usage = none();
    usage.prefill_ns = row.prefill_node_ns;
    usage.decode_ns = row.decode_node_ns;
    const std::vector<Part> parts = calendar_.parts(row.begin, row.end);
    const auto flows = [&](std::int64_t amount, const Part& part) {
      const base::TimePoint end = parts.back().end;
      return flowed(amount, row.begin, part.end, end) - flowed(amount, row.begin, part.begin, end);
    };
    for (const Part& part : parts) {
      for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
        for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
          const observe::TokenTotals& all = row.tokens[variant][channel];
          const observe::TokenTotals flown = {flows(all.input, part), flows(all.cached, part),
                                              base::TokenParts(flows(all.output.count(), part))};
          metrics::add(usage.tokens[part.tokens[variant][channel]][variant][channel], flown);
        }
      }
      PhaseTime& nodes = usage.nodes[part.gpu_hour];
      nodes.prefill_ns += flows(row.prefill_node_ns.allotted(), part);
      nodes.decode_ns += flows(row.decode_node_ns.allotted() + row.spare_node_ns, part);
    }
    return usage;
  }

  [[nodiscard]] Account account_of(const Stretch& stretch) const {
    const Usage& usage = stretch.usage;
    Account account;
    account.begin = stretch.begin;
    account.end = stretch.end;
    PhaseTime nodes;
    for (std::size_t tariff = 0; tariff < nodes_.size(); ++tariff) {
      const auto [prefill_ns, decode_ns] = usage.nodes[tariff];
      account.cost_usd += nodes_[tariff].usd(prefill_ns, decode_ns);
      account.prefill_usd += nodes_[tariff].prefill.usd(prefill_ns);
      account.decode_usd += nodes_[tariff].decode.usd(decode_ns);
      metrics::add(nodes, usage.nodes[tariff]);
    }
    const auto& [prefill, decode] = nodes_.front();
    account.gpu_hours =
        prefill.gpus == decode.gpus
            ? prefill.gpu_hours(nodes.prefill_ns + nodes.decode_ns)
            : prefill.gpu_hours(nodes.prefill_ns) + decode.gpu_hours(nodes.decode_ns);
    const TokensByPayer tokens = all_tokens(usage);
    const observe::TokenTotals all = metrics::sum(tokens);
    account.idle_usd =
        mean_prices(account, nodes)
            .usd(idle_ns(usage.prefill_ns, real(all.input - all.cached), basis_.prefill_node_tps),
                 idle_ns(usage.decode_ns, all.output.tokens(), basis_.decode_node_tps));
    for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
      account.per_model[variant] = revenue_of(usage, tokens, variant);
      account.revenue.theoretical_usd += account.per_model[variant].theoretical_usd;
      account.revenue.expected_usd += account.per_model[variant].expected_usd;
    }
    if (account.cost_usd > 0.0) {
      account.theoretical_margin_ratio = account.revenue.theoretical_usd / account.cost_usd - 1.0;
      account.expected_margin_ratio = account.revenue.expected_usd / account.cost_usd - 1.0;
    }
    return account;
  }

 private:
  // What node time cost on average.
  [[nodiscard]] NodePrices mean_prices(const Account& account, const PhaseTime& nodes) const {
    NodePrices mean = nodes_.front();
    if (nodes_.size() > 1) {
      const auto per_hour = [](NodePrice& price, double usd, std::int64_t ns) {
        price.usd_per_gpu_hour = metrics::ratio(usd, price.gpu_hours(ns)).value_or(0.0);
      };
      per_hour(mean.prefill, account.prefill_usd, nodes.prefill_ns);
      per_hour(mean.decode, account.decode_usd, nodes.decode_ns);
    }
    return mean;
  }

  [[nodiscard]] Revenue revenue_of(const Usage& usage, const TokensByPayer& all,
                                   std::size_t variant) const {
    Revenue revenue;
    for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
      revenue.theoretical_usd += usd(prices_.book[kR1], all[variant][channel]);
      double paid = 0.0;
      for (Tariff tariff = 0; tariff < paid_.size(); ++tariff) {
        paid += usd(paid_[tariff][variant], usage.tokens[tariff][variant][channel]);
      }
      revenue.expected_usd += prices_.paid_share[channel] * paid;
    }
    return revenue;
  }

  const PricesConfig& prices_;
  const PricingBasis& basis_;
  PriceCalendar calendar_;
  std::vector<Book> paid_;         // by tariff
  std::vector<NodePrices> nodes_;  // by tariff of GPU hours
};

UnitCost unit_cost_of(const Account& total, const Usage& usage) {
  const observe::TokenTotals all = metrics::sum(all_tokens(usage));
  UnitCost unit;
  unit.usd_per_m_input = metrics::ratio(total.prefill_usd * 1e6, real(all.input));
  unit.usd_per_m_computed_input =
      metrics::ratio(total.prefill_usd * 1e6, real(all.input - all.cached));
  unit.usd_per_m_output = metrics::ratio(total.decode_usd * 1e6, all.output.tokens());
  return unit;
}

}  // namespace

std::vector<Book> books_of(const PricesConfig& prices) {
  std::vector<Book> books{prices.book};
  for (const PriceWindow& window : prices.token_windows()) {
    Book& book = books.emplace_back();
    for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
      book[variant] = window.asked(prices.book[variant]);
    }
  }
  return books;
}

std::vector<base::TimePoint> price_changes(const PricesConfig& prices, const PricingBasis& basis,
                                           base::TimePoint end) {
  return PriceCalendar(prices, basis.window_start_utc).edges(base::kWindowStart, end);
}

Statement price(const PricesConfig& prices, const PricingBasis& basis,
                std::span<const Interval> intervals, std::span<const Interval> pieces) {
  const Pricer pricer(prices, basis);
  const auto hour_of = [&](base::TimePoint begin) {
    return (begin - intervals.front().begin) / std::chrono::hours(1);
  };
  Statement statement;
  statement.currency = prices.currency;
  std::vector<Stretch> hours;
  auto piece = pieces.begin();
  for (const Interval& row : intervals) {
    Stretch stretch{row.begin, row.end, pricer.none()};
    for (; piece != pieces.end() && piece->begin < row.end; ++piece) {
      add(stretch.usage, pricer.usage_of(*piece));
    }
    statement.intervals.push_back(pricer.account_of(stretch));
    if (hours.empty() || hour_of(row.begin) != hour_of(hours.back().begin)) {
      hours.push_back(std::move(stretch));
    } else {
      hours.back().end = row.end;
      add(hours.back().usage, stretch.usage);
    }
  }
  Stretch total{{}, {}, pricer.none()};
  if (!intervals.empty()) {
    total.begin = intervals.front().begin;
    total.end = intervals.back().end;
  }
  for (const Stretch& hour : hours) {
    statement.hours.push_back(pricer.account_of(hour));
    add(total.usage, hour.usage);
  }
  statement.total = pricer.account_of(total);
  statement.unit_cost = unit_cost_of(statement.total, total.usage);
  statement.tokens = std::move(total.usage.tokens);
  return statement;
}

}  // namespace epfleet::cost
