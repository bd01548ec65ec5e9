// Which price is paid when and by whom, by hand; the short form off_peak is the calendar's.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>
#include <utility>
#include <vector>

#include "epfleet/cost/statement.h"
#include "payers.h"

namespace epfleet::cost {
namespace {

using base::Duration;
using metrics::Interval;
using workload::Channel;
using workload::Variant;
using namespace std::chrono_literals;
using std::chrono::August, std::chrono::October, std::chrono::September;

constexpr Day kMonday = std::chrono::year(2026) / August / 17;
constexpr Day kThursday = std::chrono::year(2026) / October / 1;  // a holiday
constexpr std::uint8_t kWorkingDays = 0b0011111;

// One USD a million output tokens of V3, three of R1.
PricesConfig prices(std::vector<PriceWindow> calendar) {
  PricesConfig prices;
  prices.book[kV3].output = 1.0;
  prices.book[kR1].output = 3.0;
  prices.paid_share = {1.0, 1.0, 1.0};
  prices.calendar = std::move(calendar);
  return prices;
}

PriceWindow dear_working_day() {
  return {.weekdays = kWorkingDays,
          .hours = {{1h, 4h}, {6h, 10h}},
          .holidays = HolidayRule::Excluded,
          .factor = 2.0};
}

// What a million output tokens earn that flow evenly through [from, to) after the start of `day`.
double earned(const PricesConfig& prices, Day day, Duration from, Duration to,
              std::size_t variant = kV3, std::size_t channel = kApi) {
  Interval row;
  row.begin = base::kWindowStart + from;
  row.end = base::kWindowStart + to;
  row.tokens[variant][channel].output = base::TokenParts::from_tokens(1'000'000);
  const PricingBasis basis{.window_start_utc = day};
  return price(prices, basis, std::array{row}, std::array{row}).total.revenue.expected_usd;
}

TEST(PriceCalendar, TheDearWorkingDayCostsTwiceInItsHours) {
  const PricesConfig dear = prices({dear_working_day()});
  for (const auto& [from, to, usd] : std::vector<std::tuple<Duration, Duration, double>>{
           {0h, 1h, 1.0}, {1h, 4h, 2.0}, {4h, 6h, 1.0}, {6h, 10h, 2.0}, {10h, 24h, 1.0}}) {
    EXPECT_DOUBLE_EQ(earned(dear, kMonday, from, to), usd) << from / 1h;
    EXPECT_DOUBLE_EQ(earned(dear, kMonday, from, to, kR1, kWeb), 3.0 * usd) << from / 1h;
  }
  EXPECT_NEAR(earned(dear, kMonday, 0h, 24h), 1.0 + 7.0 / 24.0, 1e-7);
  EXPECT_NEAR(earned(dear, kMonday, 0h, 168h), 1.0 + 5 * 7.0 / 168.0, 1e-6);
}

TEST(PriceCalendar, WeekendsAndHolidaysAreAsUsual) {
  PricesConfig dear = prices({dear_working_day()});
  const Day saturday = kMonday + std::chrono::days(5);
  EXPECT_DOUBLE_EQ(earned(dear, saturday, 1h, 4h), 1.0);
  EXPECT_DOUBLE_EQ(earned(dear, saturday, 25h, 28h), 1.0);
  EXPECT_DOUBLE_EQ(earned(dear, saturday, 49h, 52h), 2.0);
  EXPECT_DOUBLE_EQ(earned(dear, kThursday, 1h, 4h), 2.0);
  dear.holidays = {kThursday};
  EXPECT_DOUBLE_EQ(earned(dear, kThursday, 1h, 4h), 1.0);
  EXPECT_DOUBLE_EQ(earned(dear, kThursday, 25h, 28h), 2.0);
  dear.calendar.front().holidays = HolidayRule::Only;
  EXPECT_DOUBLE_EQ(earned(dear, kThursday, 1h, 4h), 2.0);
  EXPECT_DOUBLE_EQ(earned(dear, kThursday, 25h, 28h), 1.0);
}

// What is past midnight belongs to the day on which the window opened.
TEST(PriceCalendar, AWindowOverMidnightIsOfTheDayOnWhichItOpens) {
  const PricesConfig night =
      prices({{.weekdays = 0b0010000, .hours = {{22h, 6h}}, .factor = 0.5}});  // Friday
  const Day friday = kMonday + std::chrono::days(4);
  EXPECT_DOUBLE_EQ(earned(night, friday, 0h, 6h), 1.0);
  EXPECT_DOUBLE_EQ(earned(night, friday, 22h, 30h), 0.5);
  EXPECT_DOUBLE_EQ(earned(night, friday, 46h, 54h), 1.0);
  // Also when the run starts after midnight.
  EXPECT_DOUBLE_EQ(earned(night, friday + std::chrono::days(1), 0h, 6h), 0.5);
  EXPECT_DOUBLE_EQ(earned(night, friday + std::chrono::days(1), 6h, 7h), 1.0);
}

TEST(PriceCalendar, FromAndToAreTheFirstAndTheLastDay) {
  const PricesConfig dated =
      prices({{.first = kMonday, .last = kMonday + std::chrono::days(1), .factor = 2.0}});
  const Day sunday = kMonday - std::chrono::days(1);
  EXPECT_DOUBLE_EQ(earned(dated, sunday, 0h, 24h), 1.0);
  EXPECT_DOUBLE_EQ(earned(dated, sunday, 24h, 72h), 2.0);
  EXPECT_DOUBLE_EQ(earned(dated, sunday, 72h, 96h), 1.0);
  const PricesConfig open = prices({{.first = kMonday, .factor = 2.0}});
  EXPECT_DOUBLE_EQ(earned(open, kMonday + std::chrono::days(1000), 0h, 24h), 2.0);
}

TEST(PriceCalendar, OneModelAndOneChannelOnly) {
  const PricesConfig one =
      prices({{.model = Variant::R1, .channel = Channel::Api, .factor = 0.25}});
  EXPECT_DOUBLE_EQ(earned(one, kMonday, 0h, 1h, kR1, kApi), 0.75);
  EXPECT_DOUBLE_EQ(earned(one, kMonday, 0h, 1h, kR1, kWeb), 3.0);
  EXPECT_DOUBLE_EQ(earned(one, kMonday, 0h, 1h, kV3, kApi), 1.0);
}

TEST(PriceCalendar, TheFirstWindowThatHoldsCounts) {
  const PriceWindow morning{.hours = {{6h, 12h}}, .factor = 3.0};
  const PriceWindow api{.channel = Channel::Api, .factor = 0.5};
  EXPECT_DOUBLE_EQ(earned(prices({morning, api}), kMonday, 6h, 12h), 3.0);
  EXPECT_DOUBLE_EQ(earned(prices({morning, api}), kMonday, 12h, 13h), 0.5);
  EXPECT_DOUBLE_EQ(earned(prices({morning, api}), kMonday, 12h, 13h, kV3, kWeb), 1.0);
  EXPECT_DOUBLE_EQ(earned(prices({api, morning}), kMonday, 6h, 12h), 0.5);
  EXPECT_DOUBLE_EQ(earned(prices({api, morning}), kMonday, 6h, 12h, kV3, kWeb), 3.0);
}

TEST(PriceCalendar, PricesNotStatedAreTheBooks) {
  PricesConfig part = prices({{.prices = {.miss = 7.0}}});
  part.book[kV3] = {0.1, 0.5, 1.0};
  Interval row;
  row.end = row.begin + 1h;
  row.tokens[kV3][kApi] = {3'000'000, 1'000'000, base::TokenParts::from_tokens(2'000'000)};
  const Statement statement = price(part, {}, std::array{row}, std::array{row});
  EXPECT_DOUBLE_EQ(statement.total.revenue.expected_usd, 1 * 0.1 + 2 * 7.0 + 2 * 1.0);
}

// A price that somebody agreed on goes with a factor, and stands above a window's own prices.
TEST(PriceCalendar, OwnPricesOfAPayerGoWithAFactorOnly) {
  const TokenPrices usual{0.1, 0.5, 1.0};
  const OwnPrices own{.output = 2.0};
  const TokenPrices twice = PriceWindow{.factor = 2.0}.asked(usual, own);
  EXPECT_DOUBLE_EQ(twice.miss, 1.0);
  EXPECT_DOUBLE_EQ(twice.output, 4.0);
  const TokenPrices night = PriceWindow{.prices = {0.01, 0.05, 0.1}}.asked(usual, own);
  EXPECT_DOUBLE_EQ(night.miss, 0.05);
  EXPECT_DOUBLE_EQ(night.output, 2.0);
}

// A week of ten-minute intervals with uneven tokens and nodes.
std::vector<Interval> uneven_week() {
  std::vector<Interval> rows;
  for (std::int64_t i = 0; i < 7 * 144; ++i) {
    Interval row;
    row.begin = base::kWindowStart + i * 10min;
    row.end = row.begin + 10min;
    for (std::size_t variant = 0; variant < 2; ++variant) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const auto n = static_cast<std::int64_t>(variant + 2 * channel) + i * 7'919 % 1'009;
        row.tokens[variant][channel] = {n * 1'000, n * 400, base::TokenParts::from_tokens(n * 30)};
      }
    }
    row.prefill_node_ns.busy = (3 + i % 5) * row.length().count();
    row.decode_node_ns.idle = (2 + i % 3) * row.length().count();
    rows.push_back(row);
  }
  return rows;
}

PricesConfig february_with_free_use() {
  PricesConfig prices;
  prices.book = {{{0.07, 0.27, 1.10}, {0.14, 0.55, 2.19}}};
  prices.off_peak_book = {{{0.035, 0.135, 0.55}, {0.035, 0.135, 0.55}}};
  prices.paid_share = {0.1, 0.2, 1.0};
  return prices;
}

TEST(PriceCalendar, OffPeakIsTheSameAsItsWindow) {
  const std::vector<Interval> week = uneven_week();
  const PricingBasis basis{.window_start_utc = kMonday + 4h};
  PricesConfig off_peak = february_with_free_use();
  off_peak.off_peak = true;
  off_peak.off_peak_from = 16h + 30min;
  off_peak.off_peak_to = 30min;
  PricesConfig calendar = february_with_free_use();
  calendar.calendar = {
      {.hours = {{16h + 30min, 30min}}, .channel = Channel::Api, .prices = {0.035, 0.135, 0.55}}};
  const Statement one = price(off_peak, basis, week, week);
  const Statement other = price(calendar, basis, week, week);
  EXPECT_EQ(one.total.revenue.expected_usd, other.total.revenue.expected_usd);
  EXPECT_EQ(price_changes(off_peak, basis, week.back().end),
            price_changes(calendar, basis, week.back().end));
  const Statement none = price(february_with_free_use(), basis, week, week);
  EXPECT_LT(one.total.revenue.expected_usd, none.total.revenue.expected_usd);
  EXPECT_EQ(one.total.revenue.theoretical_usd, none.total.revenue.theoretical_usd);
}

TEST(PriceCalendar, HoursSumToTheTotalAndEveryTokenIsPaidOnce) {
  const std::vector<Interval> week = uneven_week();
  PricesConfig dear = february_with_free_use();
  dear.calendar = {dear_working_day(),
                   {.hours = {{20h + 5min, 2h}}, .model = Variant::R1, .factor = 0.3},
                   {.hours = {{0h, 8h}}, .gpu_hour = base::UsdPerHour(1.0)}};
  const Statement statement = price(dear, {.window_start_utc = kMonday + 3min}, week, week);
  double expected = 0.0, cost = 0.0;
  for (const Account& hour : statement.hours) {
    expected += hour.revenue.expected_usd;
    cost += hour.cost_usd;
  }
  EXPECT_NEAR(expected, statement.total.revenue.expected_usd, 1e-9);
  EXPECT_NEAR(cost, statement.total.cost_usd, 1e-9);
  metrics::TokensByPayer all{}, paid{};
  for (const Interval& row : week) {
    metrics::add(all, row.tokens);
  }
  ASSERT_EQ(statement.tokens.size(), 3U);
  for (const metrics::TokensByPayer& tokens : statement.tokens) {
    EXPECT_GT(metrics::sum(tokens).input, 0);
    metrics::add(paid, tokens);
  }
  EXPECT_EQ(metrics::sum(paid).input, metrics::sum(all).input);
  EXPECT_EQ(metrics::sum(paid).cached, metrics::sum(all).cached);
  EXPECT_EQ(metrics::sum(paid).output, metrics::sum(all).output);
}

// 4 nodes of 8 GPUs a phase: 64 USD an hour by day, 32 by night; tokens keep their prices.
TEST(PriceCalendar, GpuHoursHaveWindowsOfTheirOwn) {
  PricesConfig night =
      prices({{.hours = {{22h, 6h}}, .gpu_hour = base::UsdPerHour(1.0)}, {.factor = 3.0}});
  night.decode_gpu_hour = base::UsdPerHour(3.0);
  Interval row;
  row.end = row.begin + 24h;
  row.prefill_node_ns.busy = 4 * row.length().count();
  row.decode_node_ns.idle = 4 * row.length().count();
  row.tokens[kV3][kApi].output = base::TokenParts::from_tokens(1'000'000);
  const Statement statement =
      price(night, {.window_start_utc = kMonday}, std::array{row}, std::array{row});
  EXPECT_NEAR(statement.total.prefill_usd, 32 * (16 * 2.0 + 8 * 1.0), 1e-6);
  EXPECT_NEAR(statement.total.decode_usd, 32 * (16 * 3.0 + 8 * 1.0), 1e-6);
  EXPECT_NEAR(statement.total.cost_usd, statement.total.prefill_usd + statement.total.decode_usd,
              1e-9);
  EXPECT_NEAR(statement.total.idle_usd, statement.total.decode_usd, 1e-6);
  EXPECT_DOUBLE_EQ(statement.total.gpu_hours, 64.0 * 24.0);
  EXPECT_DOUBLE_EQ(statement.total.revenue.expected_usd, 3.0);
}

// 30 days from Monday, 2026-08-17: 22 working days, of which 2026-08-31 is taken off here.
TEST(PriceCalendar, AMonthHasItsEdgesAndNoMore) {
  PricesConfig dear = prices({dear_working_day()});
  dear.holidays = {std::chrono::year(2026) / August / 31};
  const auto end = base::kWindowStart + 30 * 24h;
  const auto edges = price_changes(dear, {.window_start_utc = kMonday}, end);
  EXPECT_EQ(edges.size(), 21U * 4U);
  EXPECT_EQ(edges.front(), base::kWindowStart + 1h);
  EXPECT_TRUE(std::ranges::is_sorted(edges));
}

// The days of the run are looked at, not those up to the window.
TEST(PriceCalendar, WindowsFarFromTheStartTakeNoTime) {
  const Day far = std::chrono::year(9000) / September / 1;
  PricesConfig dear = prices({{.first = far, .last = far, .factor = 2.0},
                              {.last = std::chrono::year(1) / September / 1, .factor = 3.0}});
  EXPECT_TRUE(
      price_changes(dear, {.window_start_utc = kMonday}, base::kWindowStart + 720h).empty());
  EXPECT_DOUBLE_EQ(earned(dear, kMonday, 0h, 1h), 1.0);
  EXPECT_DOUBLE_EQ(earned(dear, far, 0h, 24h), 2.0);
  EXPECT_DOUBLE_EQ(earned(dear, std::chrono::year(0) / September / 1, 0h, 24h), 3.0);
}

TEST(PriceWindow, KnowsWhichWindowsNeverCountBehindIt) {
  const PriceWindow all{.factor = 2.0};
  const PriceWindow morning{.hours = {{6h, 12h}}, .factor = 2.0};
  const PriceWindow early{.hours = {{7h, 8h}}, .model = Variant::R1, .factor = 1.0};
  EXPECT_TRUE(all.covers(morning));
  EXPECT_TRUE(morning.covers(early));
  EXPECT_TRUE(morning.covers(morning));
  EXPECT_FALSE(early.covers(morning));
  EXPECT_FALSE(morning.covers({.hours = {{11h, 13h}}, .factor = 1.0}));
  EXPECT_FALSE(morning.covers({.hours = {{7h, 8h}}, .gpu_hour = base::UsdPerHour(1.0)}));
  EXPECT_FALSE(dear_working_day().covers(morning));
  EXPECT_FALSE((PriceWindow{.weekdays = kWorkingDays, .factor = 1.0}.covers(all)));
  EXPECT_TRUE(all.covers({.weekdays = kWorkingDays, .hours = {{20h, 4h}}, .factor = 1.0}));
}

TEST(PriceWindow, KnowsWhetherItEverOpens) {
  const Day tuesday = kMonday + std::chrono::days(1);
  PriceWindow monday{.weekdays = 1, .first = kMonday, .last = tuesday, .factor = 1.0};
  EXPECT_TRUE(monday.ever_opens({}));
  monday.holidays = HolidayRule::Excluded;
  EXPECT_FALSE(monday.ever_opens({kMonday}));
  monday.holidays = HolidayRule::Only;
  EXPECT_TRUE(monday.ever_opens({kMonday}));
  EXPECT_FALSE(monday.ever_opens({tuesday}));
  monday.first = tuesday;
  monday.holidays = HolidayRule::Any;
  EXPECT_FALSE(monday.ever_opens({}));
}

}  // namespace
}  // namespace epfleet::cost
