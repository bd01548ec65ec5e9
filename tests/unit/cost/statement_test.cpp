#include "epfleet/cost/statement.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "payers.h"

namespace epfleet::cost {
namespace {

// Intervals that are one piece each.
Statement price(const PricesConfig& prices, const PricingBasis& basis,
                std::span<const metrics::Interval> rows) {
  return cost::price(prices, basis, rows, rows);
}

using base::Duration;
using metrics::Interval;
using namespace std::chrono_literals;

// Prices of February 2025, USD per million tokens: hit, miss, output.
PricesConfig february() {
  PricesConfig prices;
  prices.gpu_hour = base::UsdPerHour(2.0);
  prices.book[kV3] = {0.07, 0.27, 1.10};
  prices.book[kR1] = {0.14, 0.55, 2.19};
  prices.off_peak_book[kV3] = prices.off_peak_book[kR1] = {0.035, 0.135, 0.55};
  prices.paid_share = {0.0, 0.0, 1.0};
  return prices;
}

Interval minutes(std::int64_t from, std::int64_t to) {
  Interval row;
  row.begin = base::kWindowStart + std::chrono::minutes(from);
  row.end = base::kWindowStart + std::chrono::minutes(to);
  return row;
}

observe::TokenTotals tokens(std::int64_t input, std::int64_t cached, std::int64_t output) {
  return {input, cached, base::TokenParts::from_tokens(output)};
}

// The published node chart, as minutes after 12:00 and groups of 1 decode unit (18 nodes) and 3
// prefill units (12 nodes) on a base of 2 prefill units (8 nodes).
constexpr std::array<std::pair<std::int64_t, std::int64_t>, 12> kSchedule{{{0, 9},
                                                                           {720, 7},
                                                                           {795, 6},
                                                                           {840, 5},
                                                                           {885, 4},
                                                                           {900, 3},
                                                                           {930, 2},
                                                                           {1110, 3},
                                                                           {1140, 4},
                                                                           {1170, 6},
                                                                           {1200, 7},
                                                                           {1230, 9}}};

std::vector<Interval> published_day() {
  std::vector<Interval> rows;
  std::size_t step = 0;
  for (std::int64_t minute = 0; minute < 1440; ++minute) {
    while (step + 1 < kSchedule.size() && kSchedule[step + 1].first <= minute) {
      ++step;
    }
    Interval row = minutes(minute, minute + 1);
    row.prefill_node_ns.busy = (8 + 12 * kSchedule[step].second) * row.length().count();
    row.decode_node_ns.idle = 18 * kSchedule[step].second * row.length().count();
    rows.push_back(row);
  }
  return rows;
}

// cost = price x GPUs x node time = 2 x 8 x 226.75 x 24 = 87,072 USD, to the cent.
TEST(Statement, TheNodeChartCostsWhatWasPublished) {
  const Statement statement = price(february(), {}, published_day());
  EXPECT_NEAR(statement.total.cost_usd, 87'072.0, 0.005);
  EXPECT_NEAR(statement.total.gpu_hours, 226.75 * 24 * 8, 1e-6);
  EXPECT_NEAR(statement.total.prefill_usd, 95.5 * 24 * 8 * 2, 0.005);
  EXPECT_NEAR(statement.total.decode_usd, 131.25 * 24 * 8 * 2, 0.005);
  EXPECT_NEAR(statement.total.idle_usd, statement.total.decode_usd, 0.005);
}

// cost = sum over the phases of price x GPUs x node time, whatever the nodes of each.
TEST(Statement, EachPhaseHasItsOwnPriceAndNodes) {
  PricesConfig prices = february();
  prices.prefill_gpu_hour = base::UsdPerHour(1.5);
  PricingBasis basis;
  basis.decode_gpus_per_node = 4;
  const Statement statement = price(prices, basis, published_day(), published_day());
  const Account& total = statement.total;
  EXPECT_NEAR(total.prefill_usd, 95.5 * 24 * 8 * 1.5, 0.005);
  EXPECT_NEAR(total.decode_usd, 131.25 * 24 * 4 * 2, 0.005);
  EXPECT_NEAR(total.cost_usd, total.prefill_usd + total.decode_usd, 1e-6);
  EXPECT_NEAR(total.gpu_hours, 24 * (95.5 * 8 + 131.25 * 4), 1e-6);
  EXPECT_NEAR(total.idle_usd, total.decode_usd, 0.005);
}

// Per hour: 278 nodes cost 4,448 USD, as the published chart shows; hours and intervals sum to the
// day.
TEST(Statement, HoursSumToTheDay) {
  const Statement statement = price(february(), {}, published_day());
  ASSERT_EQ(statement.hours.size(), 24U);
  ASSERT_EQ(statement.intervals.size(), 1440U);
  EXPECT_NEAR(statement.hours[0].cost_usd, 4'448.0, 0.005);
  EXPECT_NEAR(statement.hours[13].cost_usd, 3'128.0, 0.005);
  EXPECT_NEAR(statement.hours[15].cost_usd, 1'328.0, 0.005);
  double hours = 0.0, intervals = 0.0;
  for (const Account& account : statement.hours) {
    hours += account.cost_usd;
  }
  for (const Account& account : statement.intervals) {
    intervals += account.cost_usd;
  }
  EXPECT_NEAR(hours, statement.total.cost_usd, 1e-6);
  EXPECT_NEAR(intervals, statement.total.cost_usd, 1e-6);
}

// 608 B input, 342 B of it hits, 168 B output, all at R1 prices: 0.14 x 342,000 + 0.55 x 266,000 +
// 2.19 x 168,000 = 562,100 USD; published 562,027, a margin of 545 %.
TEST(Statement, TheTokensOfTheDayEarnWhatWasPublished) {
  std::vector<Interval> day = published_day();
  day[100].tokens[kV3][kWeb] = tokens(300'000'000'000, 142'000'000'000, 68'000'000'000);
  day[700].tokens[kR1][kApi] = tokens(308'000'000'000, 200'000'000'000, 100'000'000'000);
  const Account total = price(february(), {}, day).total;
  EXPECT_NEAR(total.revenue.theoretical_usd, 562'100.0, 0.005);
  EXPECT_NEAR(total.revenue.theoretical_usd / 562'027.0, 1.0, 0.005);
  EXPECT_NEAR(*total.theoretical_margin_ratio, 5.45, 0.01);
}

// Expected: only paid channels, each variant at its own prices; theoretical: all at those of R1.
TEST(Statement, ExpectedRevenueFollowsVariantAndPaidShare) {
  PricesConfig prices = february();
  prices.paid_share = {0.0, 0.25, 1.0};
  Interval row = minutes(0, 60);
  row.tokens[kV3][kApi] = tokens(10'000'000, 4'000'000, 2'000'000);
  row.tokens[kR1][kApp] = tokens(10'000'000, 4'000'000, 2'000'000);
  row.tokens[kR1][kWeb] = tokens(99'000'000, 0, 0);
  const Account total = price(prices, {}, std::array{row}).total;
  const double v3 = 4 * 0.07 + 6 * 0.27 + 2 * 1.10;
  const double r1 = 4 * 0.14 + 6 * 0.55 + 2 * 2.19;
  EXPECT_DOUBLE_EQ(total.per_model[kV3].expected_usd, v3);
  EXPECT_DOUBLE_EQ(total.per_model[kR1].expected_usd, 0.25 * r1);
  EXPECT_DOUBLE_EQ(total.revenue.expected_usd, v3 + 0.25 * r1);
  EXPECT_DOUBLE_EQ(total.revenue.theoretical_usd, 2 * r1 + 99 * 0.55);
  EXPECT_DOUBLE_EQ(total.per_model[kV3].theoretical_usd, r1);
  EXPECT_FALSE(total.theoretical_margin_ratio);  // nothing was spent
}

// What an API interval earns when 16:30-00:30 UTC is off-peak and the run starts at 04:00 UTC.
double api_revenue(std::int64_t from_minute, std::int64_t to_minute, std::size_t channel = kApi) {
  PricesConfig prices = february();
  prices.paid_share = {1.0, 1.0, 1.0};
  prices.off_peak = true;
  prices.off_peak_from = 16h + 30min;
  prices.off_peak_to = 30min;
  Interval row = minutes(from_minute, to_minute);
  row.tokens[kR1][channel] = tokens(0, 0, 1'000'000);
  return price(prices, {.window_start_utc = std::chrono::sys_seconds(4h)}, std::array{row})
      .total.revenue.expected_usd;
}

// Off-peak from minute 750 (16:30 UTC) to minute 1230 (00:30 UTC) of the run; 2.19 outside, 0.55
// inside, and an edge splits an interval by time.
TEST(Statement, OffPeakEdgesSplitAnIntervalByTime) {
  EXPECT_DOUBLE_EQ(api_revenue(690, 750), 2.19);
  EXPECT_DOUBLE_EQ(api_revenue(750, 810), 0.55);
  EXPECT_NEAR(api_revenue(735, 795), 0.25 * 2.19 + 0.75 * 0.55, 1e-8);
  EXPECT_NEAR(api_revenue(1220, 1260), 0.75 * 2.19 + 0.25 * 0.55, 1e-8);
  EXPECT_DOUBLE_EQ(api_revenue(1230, 1290), 2.19);
  EXPECT_NEAR(api_revenue(0, 1440), 2.0 / 3.0 * 2.19 + 1.0 / 3.0 * 0.55, 1e-8);
}

// The window repeats daily, before and after; an interval may hold several of them (each part is
// rounded to 1/256 token, 1e-8 USD here).
TEST(Statement, OffPeakRepeatsDaily) {
  EXPECT_DOUBLE_EQ(api_revenue(1440 + 750, 1440 + 760), 0.55);
  EXPECT_DOUBLE_EQ(api_revenue(1440 + 740, 1440 + 750), 2.19);
  EXPECT_NEAR(api_revenue(0, 5 * 1440), 2.0 / 3.0 * 2.19 + 1.0 / 3.0 * 0.55, 1e-7);
  EXPECT_DOUBLE_EQ(api_revenue(750 - 1440, 760 - 1440), 0.55);
}

TEST(Statement, OffPeakHoldsForTheApiOnly) {
  EXPECT_DOUBLE_EQ(api_revenue(750, 810, kWeb), 2.19);
  EXPECT_DOUBLE_EQ(api_revenue(750, 810, kApp), 2.19);
}

// The theoretical revenue knows no discount: with and without off-peak prices it is the same.
TEST(Statement, TheoreticalRevenueIgnoresOffPeak) {
  PricesConfig prices = february();
  Interval row = minutes(0, 7);
  row.tokens[kV3][kApi] = tokens(1'234'567, 765'432, 345'678);
  const double plain = price(prices, {}, std::array{row}).total.revenue.theoretical_usd;
  prices.off_peak = true;
  prices.off_peak_to = 3min;
  const Account split = price(prices, {}, std::array{row}).total;
  EXPECT_DOUBLE_EQ(split.revenue.theoretical_usd, plain);
  EXPECT_LT(split.revenue.expected_usd, plain);
}

// Unit cost = cost of the phase's nodes / its tokens: 3 prefill nodes an hour cost 48 USD.
TEST(Statement, UnitCostsAreByPhase) {
  Interval row = minutes(0, 60);
  row.prefill_node_ns.busy = 3 * row.length().count();
  row.decode_node_ns.draining = 5 * row.length().count();
  row.tokens[kV3][kApi] = tokens(96'000'000, 32'000'000, 20'000'000);
  row.computed_tokens = 64'000'000;
  const Statement statement = price(february(), {}, std::array{row});
  EXPECT_DOUBLE_EQ(*statement.unit_cost.usd_per_m_input, 0.5);
  EXPECT_DOUBLE_EQ(*statement.unit_cost.usd_per_m_computed_input, 0.75);
  EXPECT_DOUBLE_EQ(*statement.unit_cost.usd_per_m_output, 80.0 / 20.0);
}

TEST(Statement, NothingServedCostsNothing) {
  const Statement statement = price(february(), {}, {});
  EXPECT_EQ(statement.total.cost_usd, 0.0);
  EXPECT_FALSE(statement.unit_cost.usd_per_m_output || statement.total.expected_margin_ratio);
}

// An hour of one prefill node, two decode nodes and three spare ones: 6 x 8 GPUs at 2 USD. 300 USD
// of API traffic of R1 at its own prices: margins of 300 / 96 - 1, however they are reckoned.
TEST(Statement, SparesAreChargedAndMarginsAreRevenueOverCostLessOne) {
  Interval row = minutes(0, 60);
  row.prefill_node_ns.busy = row.length().count();
  row.decode_node_ns.idle = 2 * row.length().count();
  row.spare_node_ns = 3 * row.length().count();
  row.tokens[kR1][kApi] = tokens(0, 0, 300'000'000);
  PricesConfig prices = february();
  prices.book[kR1].output = 1.0;
  const std::vector<Interval> rows{row};
  const Account total = price(prices, {}, rows).total;
  EXPECT_DOUBLE_EQ(total.gpu_hours, 48.0);
  EXPECT_DOUBLE_EQ(total.cost_usd, 96.0);
  EXPECT_DOUBLE_EQ(total.prefill_usd, 16.0);
  EXPECT_DOUBLE_EQ(total.decode_usd, 80.0);
  EXPECT_DOUBLE_EQ(*total.theoretical_margin_ratio, 300.0 / 96.0 - 1.0);
  EXPECT_DOUBLE_EQ(*total.expected_margin_ratio, 300.0 / 96.0 - 1.0);
}

}  // namespace
}  // namespace epfleet::cost
