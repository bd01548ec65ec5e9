// Which price is in force when, for whom: the windows of the prices on the time of a run.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/cost/config.h"

namespace epfleet::cost {

// 0: the standard prices; i: the windows' number i - 1.
using Tariff = std::size_t;

// A stretch in which no price changes.
struct Part {
  base::TimePoint begin, end;
  std::array<std::array<Tariff, workload::kChannels>, workload::kVariants> tokens{};
  Tariff gpu_hour = 0;
};

// What of something that flows evenly through [begin, end) flows before `at`; rounded down.
// REQUIRES: amount >= 0, begin <= at <= end, begin < end. 128 bits: a day's tokens times
// nanoseconds pass 2^63.
[[nodiscard]] std::int64_t flowed(std::int64_t amount, base::TimePoint begin, base::TimePoint at,
                                  base::TimePoint end);

class PriceCalendar {
 public:
  // `window_start` is TimePoint 0.
  PriceCalendar(const PricesConfig& prices, std::chrono::sys_seconds window_start);

  // Openings and closings within (begin, end), in order, each once.
  [[nodiscard]] std::vector<base::TimePoint> edges(base::TimePoint begin,
                                                   base::TimePoint end) const;
  // [begin, end), cut at the edges. An instant stands for the nanosecond that begins with it.
  // REQUIRES: begin <= end.
  [[nodiscard]] std::vector<Part> parts(base::TimePoint begin, base::TimePoint end) const;

  [[nodiscard]] const std::vector<PriceWindow>& token_windows() const { return tokens_; }
  [[nodiscard]] const std::vector<PriceWindow>& gpu_windows() const { return gpu_hours_; }

 private:
  struct Clock {
    Day day;
    base::Duration time;  // since its midnight
  };
  [[nodiscard]] Clock clock(base::TimePoint at) const;
  void add_edges(const std::vector<PriceWindow>& windows, base::TimePoint begin,
                 base::TimePoint end, std::vector<base::TimePoint>& edges) const;
  [[nodiscard]] Part in_force(base::TimePoint begin, base::TimePoint end) const;

  std::vector<PriceWindow> tokens_, gpu_hours_;
  std::vector<Day> holidays_;
  Day first_day_;              // of TimePoint 0
  base::Duration first_time_;  // of that day at TimePoint 0
};

}  // namespace epfleet::cost
