// What must hold between the keys of prices.
#include <fmt/format.h>

#include "check_parts.h"

namespace epfleet::config {

void check_prices(const Scenario& scenario, Contradictions& found) {
  const cost::PricesConfig& prices = scenario.prices;
  if (prices.off_peak && !prices.calendar.empty()) {
    found.add({"prices.off_peak", "prices.calendar"},
              "is stated, and prices.calendar too: both say when prices change",
              "write off_peak as the last windows of the calendar; off_peak: none takes it back");
  }
  for (std::size_t i = 0; i < prices.calendar.size(); ++i) {
    const cost::PriceWindow& window = prices.calendar[i];
    if (window.holidays != cost::HolidayRule::Any && prices.holidays.empty()) {
      found.add({"prices.calendar", "prices.holidays"},
                fmt::format("window {} looks at holidays, but prices.holidays has none", i + 1),
                "state prices.holidays, for example [2026-10-01], or leave holidays out");
    } else if (!window.ever_opens(prices.holidays)) {
      found.add({"prices.calendar", "prices.holidays"},
                fmt::format("window {} never holds: no day is left of it by the holidays", i + 1),
                "choose other days, or leave the window out");
    }
  }
}

}  // namespace epfleet::config
