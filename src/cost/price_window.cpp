#include "epfleet/cost/price_window.h"

#include <algorithm>

namespace epfleet::cost {
namespace {

constexpr base::Duration kDay = std::chrono::hours(24);

}  // namespace

TokenPrices with_own(const OwnPrices& own, const TokenPrices& usual) {
  return {own.hit.value_or(usual.hit), own.miss.value_or(usual.miss),
          own.output.value_or(usual.output)};
}

std::vector<PriceWindow::Span> PriceWindow::spans() const {
  return hours.empty() ? std::vector<Span>{{base::Duration{}, kDay}} : hours;
}

bool PriceWindow::opens_on(Day day, const std::vector<Day>& list) const {
  const unsigned weekday = std::chrono::weekday(day).iso_encoding() - 1;
  if ((weekdays >> weekday & 1U) == 0 || day < first.value_or(day) || day > last.value_or(day)) {
    return false;
  }
  return holidays == HolidayRule::Any ||
         std::ranges::binary_search(list, day) == (holidays == HolidayRule::Only);
}

bool PriceWindow::holds(Day day, base::Duration time, const std::vector<Day>& list) const {
  const bool today = opens_on(day, list);
  const bool yesterday = opens_on(day - std::chrono::days(1), list);
  return (today || yesterday) && std::ranges::any_of(spans(), [&](const Span& span) {
           return (today && span.from <= time && time < span.close()) ||
                  (yesterday && time + kDay < span.close());
         });
}

bool PriceWindow::ever_opens(const std::vector<Day>& list) const {
  if (holidays == HolidayRule::Only) {
    return std::ranges::any_of(list, [&](Day day) { return opens_on(day, list); });
  }
  if (!first || !last) {
    return weekdays != 0;
  }
  // Each of the holidays can take one of the weekdays out.
  const auto most = std::chrono::days(7 * (list.size() + 1));
  for (Day day = *first; day <= std::min(*last, *first + most); day += std::chrono::days(1)) {
    if (opens_on(day, list)) {
      return true;
    }
  }
  return false;
}

bool PriceWindow::covers(const PriceWindow& other) const {
  const auto same_or_all = [](const auto& mine, const auto& its) { return !mine || mine == its; };
  if (gpu_hour.has_value() != other.gpu_hour.has_value() || !same_or_all(model, other.model) ||
      !same_or_all(channel, other.channel)) {
    return false;
  }
  const bool every_day =
      weekdays == PriceWindow{}.weekdays && !first && !last && holidays == HolidayRule::Any;
  const bool same_days = (weekdays & other.weekdays) == other.weekdays &&
                         (!first || (other.first && *first <= *other.first)) &&
                         (!last || (other.last && *last >= *other.last)) &&
                         (holidays == HolidayRule::Any || holidays == other.holidays);
  const auto mine = spans();
  return (every_day && hours.empty()) ||
         (same_days && std::ranges::all_of(other.spans(), [&](const Span& inner) {
            return std::ranges::any_of(mine, [&](const Span& outer) {
              return outer.from <= inner.from && inner.close() <= outer.close();
            });
          }));
}

TokenPrices PriceWindow::asked(const TokenPrices& usual, const OwnPrices& own) const {
  const TokenPrices paid = with_own(own, with_own(prices, usual));
  const double times = factor.value_or(1.0);
  return {paid.hit * times, paid.miss * times, paid.output * times};
}

}  // namespace epfleet::cost
