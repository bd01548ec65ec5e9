// What became of the rows of a trace that is played: each is counted once, however often it is
// played.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "epfleet/traces/trace_stream.h"
#include "epfleet/workload/source.h"

namespace epfleet::traces {

class RowMeter {
 public:
  // `trace` must outlive the meter; the counted window is [kWindowStart, end).
  RowMeter(const ScannedTrace& trace, base::TimePoint end);

  // In order of time.
  void arrived(base::TimePoint time, std::size_t row);

  // `end`: the window's if the run was interrupted. `left_out`: rows that were not to be played.
  [[nodiscard]] workload::RowAccount account(base::TimePoint end, std::int64_t left_out) const;

 private:
  struct Rows {
    std::vector<bool> in_window, in_warm_up;

    void add(base::TimePoint time, base::TimePoint end, std::size_t row);
  };

  const ScannedTrace& trace_;
  base::TimePoint end_;
  Rows rows_;
  std::deque<std::pair<base::TimePoint, std::size_t>> recent_;  // not yet in rows_
};

}  // namespace epfleet::traces
