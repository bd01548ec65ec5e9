// The price calendar: what a window takes, that it comes back from the resolved document, how it
// goes with parts and with off_peak. What is wrong with one: tests/scenario/broken/price_calendar.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "epfleet/config/explain.h"
#include "epfleet/config/resolved.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

Scenario on_quick(const ScenarioFiles& files, const std::string& prices,
                  std::vector<Override> overrides = {}) {
  return load_scenario(files.on_quick("prices:\n" + prices), overrides);
}

constexpr const char* kEveryPart =
    "  currency: \"€\"\n"
    "  holidays: [2026-10-03, 2026-10-02, 2026-10-03]\n"
    "  calendar:\n"
    "    - {days: [Mon, wed-fri], hours: [01:00-04:00, \"22:00-06:00\"], from: 2026-08-17, to: "
    "2026-12-31,\n"
    "       holidays: excluded, model: r1, channel: api, prices: {hit: 0.01 USD/M, output: 3 "
    "USD/M}}\n"
    "    - {days: sat-mon, holidays: only, model: all, factor: 12.5 %}\n"
    "    - {hours: 22:00-06:00, gpu_hour: 1.25 USD/h}\n";

TEST(PriceWindows, AreRead) {
  const ScenarioFiles files;
  const cost::PricesConfig prices = on_quick(files, kEveryPart).prices;
  ASSERT_THAT(prices.calendar, SizeIs(3));
  EXPECT_THAT(prices.holidays, SizeIs(2));
  const cost::PriceWindow& first = prices.calendar[0];
  EXPECT_EQ(first.weekdays, 0b0011101);
  EXPECT_EQ(first.hours, (std::vector<cost::PriceWindow::Span>{{1h, 4h}, {22h, 6h}}));
  EXPECT_EQ(first.first, cost::Day(std::chrono::year(2026) / 8 / 17));
  EXPECT_EQ(first.holidays, cost::HolidayRule::Excluded);
  EXPECT_EQ(first.model, workload::Variant::R1);
  EXPECT_EQ(first.channel, workload::Channel::Api);
  EXPECT_EQ(first.prices.hit, 0.01);
  EXPECT_FALSE(first.prices.miss);
  EXPECT_EQ(prices.calendar[1].weekdays, 0b1100001);
  EXPECT_FALSE(prices.calendar[1].model);
  EXPECT_EQ(prices.calendar[1].factor, 0.125);
  EXPECT_EQ(prices.calendar[2].gpu_hour->count(), 1.25);
  EXPECT_EQ(prices.currency, "€");
}

TEST(PriceWindows, ComeBackFromTheResolvedDocument) {
  const ScenarioFiles files;
  const Scenario first = on_quick(files, kEveryPart);
  const std::string text = resolved_document(first);
  const Scenario second = load_scenario(files.write("again.yaml", text));
  EXPECT_EQ(all_values(first), all_values(second));
  EXPECT_EQ(scenario_fingerprint(first), scenario_fingerprint(second));
  EXPECT_NE(scenario_fingerprint(first), scenario_fingerprint(load_scenario(files.on_quick(""))));
}

TEST(PriceWindows, APartGivesItsCalendarAndItsHolidays) {
  const ScenarioFiles files;
  const cost::PricesConfig prices =
      on_quick(files, "  book: prices_2026-08\n  calendar: prices_2026-08\n").prices;
  ASSERT_THAT(prices.calendar, SizeIs(1));
  EXPECT_THAT(prices.holidays, SizeIs(33));
  EXPECT_THAT(
      on_quick(files, "  calendar: prices_2026-08\n  holidays: [2027-01-01]\n").prices.holidays,
      SizeIs(1));
  for (const auto& options :
       {std::vector<Override>{"prices.holidays=[2027-01-01]", "prices.calendar=prices_2026-08"},
        std::vector<Override>{"prices.calendar=prices_2026-08", "prices.holidays=[2027-01-01]"}}) {
    EXPECT_THAT(on_quick(files, "  gpu_hour: 2 USD/h\n", options).prices.holidays, SizeIs(1));
  }
  EXPECT_THAT(on_quick(files, "  calendar: prices_2025-09-29\n").prices.calendar, SizeIs(0));
  EXPECT_THAT(files.error_of(files.on_quick("prices: {calendar: h800}\n")),
              HasSubstr("scenario.yaml:2:20: prices.calendar: the part 'h800' has no calendar"));
  const std::string error = files.error_of(files.on_quick("prices: {calendar: prices_1999}\n"));
  EXPECT_THAT(error, HasSubstr("prices.calendar: there is no part 'prices_1999'"));
  EXPECT_EQ(std::ranges::count(error, '\n'), 0) << error;
}

// quick rests on the published day, which has off_peak.
TEST(PriceWindows, ACalendarTakesTheOffPeakBelowItBack) {
  const ScenarioFiles files;
  EXPECT_TRUE(on_quick(files, "  gpu_hour: 2 USD/h\n").prices.off_peak);
  EXPECT_FALSE(on_quick(files, "  calendar: [{factor: 2}]\n").prices.off_peak);
  EXPECT_FALSE(on_quick(files, "  calendar: prices_2025-09-29\n").prices.off_peak);
  EXPECT_TRUE(on_quick(files, "  calendar: []\n").prices.off_peak);
  files.write("below.yaml",
              "extends: " + kConfigs + "/quick.yaml\nprices: {calendar: prices_2026-08}\n");
  const cost::PricesConfig above =
      load_scenario(
          files.write("above.yaml", "extends: below.yaml\nprices: {off_peak: 01:00-02:00}\n"))
          .prices;
  EXPECT_TRUE(above.off_peak);
  EXPECT_THAT(above.calendar, SizeIs(0));
  EXPECT_THAT(
      files.error_of(files.on_quick("prices: {off_peak: 01:00-02:00, calendar: [{factor: 2}]}\n")),
      HasSubstr("prices.off_peak: is stated, and prices.calendar too"));
}

TEST(PriceWindows, TheCalendarsOfBooksArePartOfThem) {
  const ScenarioFiles files;
  const auto of = [&](const std::string& book) {
    return on_quick(files, "  book: " + book + "\n  calendar: " + book + "\n").prices;
  };
  const std::size_t v3 = 0, r1 = 1;
  EXPECT_EQ(of("prices_2025-02").book[r1].output, 2.19);
  EXPECT_EQ(of("prices_2025-02").calendar[0].prices.miss, 0.135);
  EXPECT_EQ(of("prices_2025-09-05").book[v3].miss, 0.56);
  EXPECT_EQ(of("prices_2025-09-29").book[r1].output, 0.42);
  EXPECT_EQ(of("prices_2026-04").book[r1].hit, 0.145);
  EXPECT_EQ(of("prices_2026-04").calendar[0].factor, 0.25);
  EXPECT_EQ(of("prices_2026-04-26").book[v3].hit, 0.0028);
  EXPECT_EQ(of("prices_2026-08").book[v3].output, 0.66);
  EXPECT_EQ(of("prices_2026-08").calendar[0].factor, 2.0);
  EXPECT_EQ(of("prices_2026-09").book[v3].output, 0.60);
  EXPECT_EQ(of("prices_2026-09").book[r1].output, 1.98);
}

TEST(PriceWindows, HolidaysThatLeaveNothingAreSaid) {
  const ScenarioFiles files;
  EXPECT_THAT(files.error_of(files.on_quick("prices: {calendar: [{holidays: only, factor: 2}]}\n")),
              HasSubstr("scenario.yaml:2:20: prices.calendar: window 1 looks at holidays, but "
                        "prices.holidays has none"));
  EXPECT_THAT(files.error_of(files.on_quick(
                  "prices: {holidays: [2026-10-01], calendar: [{holidays: excluded, from: "
                  "2026-10-01, to: 2026-10-01, factor: 2}]}\n")),
              HasSubstr("window 1 never holds: no day is left of it by the holidays"));
}

TEST(PriceWindows, ACurrencyIsAWord) {
  const ScenarioFiles files;
  EXPECT_EQ(load_scenario(files.on_quick("")).prices.currency, "USD");
  for (const char* wrong : {"\"\"", "\"a b\"", "\"<b>\"", "\"a\\tb\"", "abcdefghijklm"}) {
    EXPECT_THAT(files.error_of(files.on_quick(std::string("prices: {currency: ") + wrong + "}\n")),
                HasSubstr("is not the name of a currency"))
        << wrong;
  }
}

TEST(PriceWindows, AreExplained) {
  EXPECT_THAT(explain("prices.calendar"), HasSubstr("The first window that holds counts"));
  EXPECT_THAT(explain("prices.currency"), HasSubstr("nothing is converted"));
}

}  // namespace
}  // namespace epfleet::config
