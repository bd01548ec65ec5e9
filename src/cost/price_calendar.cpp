#include "price_calendar.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::cost {
namespace {

__extension__ typedef __int128 Int128;

constexpr base::Duration kDay = std::chrono::hours(24);

// Into [0, 24 h), also from negative values.
base::Duration time_of_day(base::Duration time) { return (time % kDay + kDay) % kDay; }

}  // namespace

std::int64_t TimeShare::of(std::int64_t amount) const {
  return static_cast<std::int64_t>(Int128{amount} * part.count() / whole.count());
}

OffPeakWindow::OffPeakWindow(base::Duration from, base::Duration to, base::Duration window_start)
    : opens_(time_of_day(from - window_start)), length_(time_of_day(to - from)) {}

TimeShare OffPeakWindow::share(base::TimePoint begin, base::TimePoint end) const {
  EPFLEET_CHECK(begin <= end, "an interval ends before it begins");
  // An instant stands for the nanosecond that begins with it.
  const base::Duration whole = std::max(end - begin, base::Duration(1));
  const base::TimePoint until = begin + whole;
  // The first opening that can still be open at `begin`.
  const base::Duration since = begin - base::kWindowStart;
  base::TimePoint opening = base::kWindowStart + (since - time_of_day(since - opens_));
  base::Duration part{};
  for (; opening < until; opening += kDay) {
    const base::TimePoint closing = opening + length_;
    part += std::max(std::min(closing, until) - std::max(opening, begin), base::Duration(0));
  }
  return {part, whole};
}

std::vector<base::TimePoint> OffPeakWindow::edges(base::TimePoint end) const {
  std::vector<base::TimePoint> edges;
  for (base::TimePoint opening = base::kWindowStart + opens_ - kDay; opening < end;
       opening += kDay) {
    for (const base::TimePoint edge : {opening, opening + length_}) {
      if (edge > base::kWindowStart && edge < end) {
        edges.push_back(edge);
      }
    }
  }
  return edges;
}

}  // namespace epfleet::cost
