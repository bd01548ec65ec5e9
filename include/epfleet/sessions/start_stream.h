// Session starts of one class of sessions: a Poisson process whose rate follows a DayCurve.
// Modelled: inversion of the integrated rate, exact within each linear piece; event n's unit
//   exponential comes from the class's own stream, so a class can be scaled or left out without
//   moving another's session starts.
#pragma once

#include <cstddef>
#include <optional>

#include "epfleet/base/random.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/day_curve.h"

namespace epfleet::sessions {

class StartStream {
 public:
  // Rate at time t: per_day * curve(t) / (86,400 s * the curve's mean). `curve` must outlive the
  // stream.
  StartStream(const workload::DayCurve& curve, double per_day, base::TimePoint from,
              base::TimePoint until, base::Stream stream);

  // In order; none at `until` and after.
  [[nodiscard]] std::optional<base::TimePoint> next();

 private:
  void enter_piece(std::size_t piece);

  const workload::DayCurve* curve_;
  double scale_;  // session starts per second at curve value 1
  base::TimePoint until_;
  base::Stream stream_;
  std::int64_t piece_ns_;
  std::size_t piece_ = 0;
  base::TimePoint piece_start_;
  double within_s_ = 0.0;  // position in the piece
  double rate_ = 0.0;      // at within_s_, session starts per second
  double slope_ = 0.0;     // session starts per second, per second
  double left_ = 0.0;      // expected session starts in the rest of the piece
  bool over_ = false;
};

}  // namespace epfleet::sessions
