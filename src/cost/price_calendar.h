// The daily off-peak window: which share of an interval lies in it.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/time.h"

namespace epfleet::cost {

// part / whole of something that flows evenly through an interval.
struct TimeShare {
  base::Duration part{};
  base::Duration whole{};

  // Rounded down; REQUIRES: amount >= 0. 128 bits: a day's tokens times nanoseconds pass 2^63.
  [[nodiscard]] std::int64_t of(std::int64_t amount) const;
};

class OffPeakWindow {
 public:
  // `from` and `to` are times of day, [from, to), over midnight when to < from, none when they are
  // equal; `window_start` is the time of day of TimePoint 0. All from midnight UTC.
  OffPeakWindow(base::Duration from, base::Duration to, base::Duration window_start);

  // REQUIRES: begin <= end. An interval of no length lies wholly in or out.
  [[nodiscard]] TimeShare share(base::TimePoint begin, base::TimePoint end) const;
  // Openings and closings between TimePoint 0 and `end`, in order.
  [[nodiscard]] std::vector<base::TimePoint> edges(base::TimePoint end) const;

 private:
  base::Duration opens_;  // after the start of a day that begins at TimePoint 0; [0, 24 h)
  base::Duration length_;
};

}  // namespace epfleet::cost
