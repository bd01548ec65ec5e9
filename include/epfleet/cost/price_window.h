// A stretch of the calendar in which tokens or GPU hours have another price than usual.
// Modelled: weekdays, times of day, first and last day, holidays, all in UTC; for one model and
//   channel, or all. Of several windows that hold at once the first in the list counts.
// Left out: daylight saving (UTC has none), windows that hold by load or by customer.
// Source: the night discount of 2025 and the dear working day of 2026 (DeepSeek API price pages).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/names.h"
#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/plain.h"
#include "epfleet/workload/request.h"

namespace epfleet::cost {

// USD per million tokens.
struct TokenPrices {
  double hit = 0.0;
  double miss = 0.0;
  double output = 0.0;
};
// Those that somebody has agreed on, or a window states.
using OwnPrices = workload::OwnClassConfig::Prices;
[[nodiscard]] TokenPrices with_own(const OwnPrices& own, const TokenPrices& usual);

using Day = std::chrono::sys_days;

enum class HolidayRule : std::uint8_t { Any, Excluded, Only };
inline constexpr base::Names<3> kHolidayRuleNames = {"any", "excluded", "only"};

struct PriceWindow {
  // Times of day, [from, to); to <= from: it closes on the next day.
  struct Span {
    base::Duration from{}, to{};
    // Counted from the midnight before it opens.
    [[nodiscard]] base::Duration close() const {
      return to > from ? to : to + std::chrono::hours(24);
    }
    friend bool operator==(const Span&, const Span&) = default;
  };

  // When. What of a span is past midnight belongs to the day on which it opened.
  std::uint8_t weekdays = 0x7f;        // bit 0: Monday
  std::vector<Span> hours{};           // empty: all day
  std::optional<Day> first{}, last{};  // both within
  HolidayRule holidays = HolidayRule::Any;
  // Whose; none: all.
  std::optional<workload::Variant> model{};
  std::optional<workload::Channel> channel{};
  // What; one of these. Prices that are none are as without the window.
  OwnPrices prices{};
  std::optional<double> factor{};  // on the usual prices
  std::optional<base::UsdPerHour> gpu_hour{};

  // `hours`, or the whole day.
  [[nodiscard]] std::vector<Span> spans() const;
  // Whether it opens on that day. REQUIRES: `list`, the holidays, in order.
  [[nodiscard]] bool opens_on(Day day, const std::vector<Day>& list) const;
  // `time`: since the midnight that begins `day`, [0, 24 h).
  [[nodiscard]] bool holds(Day day, base::Duration time, const std::vector<Day>& list) const;
  [[nodiscard]] bool is_for(workload::Variant variant, workload::Channel whose) const {
    return model.value_or(variant) == variant && channel.value_or(whose) == whose;
  }
  // Whether there is a day on which it opens.
  [[nodiscard]] bool ever_opens(const std::vector<Day>& list) const;
  // Whether it holds whenever `other` does, for all whose price that is, so that `other`, behind
  // it, never counts. May miss some.
  [[nodiscard]] bool covers(const PriceWindow& other) const;
  // What a payer with prices of his own pays: a factor changes them, a window's prices do not.
  [[nodiscard]] TokenPrices asked(const TokenPrices& usual, const OwnPrices& own = {}) const;
};

}  // namespace epfleet::cost
