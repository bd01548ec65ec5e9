// When the records of a trace stream arrive in the simulation.
// Two paces: as recorded (perhaps stretched), or at a rate with an hourly shape laid over the
// trace: every hour gets the whole number of requests that the shape gives it, in the trace's
// order; their times within the hour are the trace's, squeezed or stretched along the shape, which
// is continuous over the hours' ends. Sums are exact: the requests from the start of the window to
// any full hour are the rate times the shape's integral, rounded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "epfleet/traces/trace_stream.h"
#include "epfleet/workload/day_curve.h"

namespace epfleet::traces {

class TracePace {
 public:
  virtual ~TracePace() = default;

  // When the stream's next record, which has this time of its own, arrives; none: not any more.
  // Called once for every record, in order.
  [[nodiscard]] virtual std::optional<base::TimePoint> arrival(base::Duration own_time) = 0;
};

[[nodiscard]] std::unique_ptr<TracePace> make_recorded_pace(base::TimePoint start,
                                                            double stretch_factor);

// `scout`: the same stream once more, read an hour ahead. Requests arrive in [start, end); `rate`
// is the mean over a day of `shape` (mean 1), requests/s.
[[nodiscard]] std::unique_ptr<TracePace> make_shaped_pace(std::unique_ptr<TraceStream> scout,
                                                          const workload::DayCurve& shape,
                                                          double rate, base::TimePoint start,
                                                          base::TimePoint end);

}  // namespace epfleet::traces
