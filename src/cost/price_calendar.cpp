#include "price_calendar.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::cost {
namespace {

__extension__ typedef __int128 Int128;

using std::chrono::days;

}  // namespace

std::int64_t flowed(std::int64_t amount, base::TimePoint begin, base::TimePoint at,
                    base::TimePoint end) {
  return static_cast<std::int64_t>(Int128{amount} * (at - begin).count() / (end - begin).count());
}

// Prices of both models differ, so it takes a window for each.
std::vector<PriceWindow> PricesConfig::token_windows() const {
  std::vector<PriceWindow> windows;
  std::ranges::copy_if(calendar, std::back_inserter(windows),
                       [](const PriceWindow& window) { return !window.gpu_hour; });
  for (std::size_t variant = 0; off_peak && variant < workload::kVariants; ++variant) {
    const TokenPrices& asked = off_peak_book[variant];
    windows.push_back({.hours = {{off_peak_from, off_peak_to}},
                       .model = static_cast<workload::Variant>(variant),
                       .channel = workload::Channel::Api,
                       .prices = {asked.hit, asked.miss, asked.output}});
  }
  return windows;
}

std::vector<PriceWindow> PricesConfig::gpu_windows() const {
  std::vector<PriceWindow> windows;
  std::ranges::copy_if(calendar, std::back_inserter(windows),
                       [](const PriceWindow& window) { return window.gpu_hour.has_value(); });
  return windows;
}

PriceCalendar::PriceCalendar(const PricesConfig& prices, std::chrono::sys_seconds window_start)
    : tokens_(prices.token_windows()),
      gpu_hours_(prices.gpu_windows()),
      holidays_(prices.holidays),
      first_day_(std::chrono::floor<days>(window_start)),
      first_time_(window_start - first_day_) {}

PriceCalendar::Clock PriceCalendar::clock(base::TimePoint at) const {
  const base::Duration since = at - base::kWindowStart + first_time_;
  const days whole = std::chrono::floor<days>(since);
  return {first_day_ + whole, since - whole};
}

void PriceCalendar::add_edges(const std::vector<PriceWindow>& windows, base::TimePoint begin,
                              base::TimePoint end, std::vector<base::TimePoint>& edges) const {
  const Day to = clock(end).day;
  // From the day before: what opened then may close on the first one.
  for (Day day = clock(begin).day - days(1); !windows.empty() && day <= to; day += days(1)) {
    const base::TimePoint midnight = base::kWindowStart + (day - first_day_) - first_time_;
    for (const PriceWindow& window : windows) {
      if (!window.opens_on(day, holidays_)) {
        continue;
      }
      for (const PriceWindow::Span& span : window.spans()) {
        for (const base::TimePoint edge : {midnight + span.from, midnight + span.close()}) {
          if (edge > begin && edge < end) {
            edges.push_back(edge);
          }
        }
      }
    }
  }
}

std::vector<base::TimePoint> PriceCalendar::edges(base::TimePoint begin,
                                                  base::TimePoint end) const {
  std::vector<base::TimePoint> edges;
  add_edges(tokens_, begin, end, edges);
  add_edges(gpu_hours_, begin, end, edges);
  std::ranges::sort(edges);
  const auto repeated = std::ranges::unique(edges);
  edges.erase(repeated.begin(), repeated.end());
  return edges;
}

Part PriceCalendar::in_force(base::TimePoint begin, base::TimePoint end) const {
  const Clock now = clock(begin);
  Part part{begin, end, {}, 0};
  // From the last to the first, which counts.
  for (Tariff tariff = tokens_.size(); tariff > 0; --tariff) {
    const PriceWindow& window = tokens_[tariff - 1];
    if (!window.holds(now.day, now.time, holidays_)) {
      continue;
    }
    for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
      for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
        if (window.is_for(static_cast<workload::Variant>(variant),
                          static_cast<workload::Channel>(channel))) {
          part.tokens[variant][channel] = tariff;
        }
      }
    }
  }
  for (Tariff tariff = gpu_hours_.size(); tariff > 0; --tariff) {
    if (gpu_hours_[tariff - 1].holds(now.day, now.time, holidays_)) {
      part.gpu_hour = tariff;
    }
  }
  return part;
}

std::vector<Part> PriceCalendar::parts(base::TimePoint begin, base::TimePoint end) const {
  EPFLEET_CHECK(begin <= end, "an interval ends before it begins");
  end = std::max(end, begin + base::Duration(1));
  std::vector<base::TimePoint> cuts = edges(begin, end);
  cuts.push_back(end);
  std::vector<Part> parts;
  for (const base::TimePoint cut : cuts) {
    parts.push_back(in_force(begin, cut));
    begin = cut;
  }
  return parts;
}

}  // namespace epfleet::cost
