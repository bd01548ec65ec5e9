// Lengths of plain traffic: fixed, lognormal within limits, or uniform.
// Modelled: the mean is that of the drawn lengths: the lognormal's median is solved for it, with
//   what lies beyond a limit drawn as the limit. A fraction of a token is rounded at random.
#pragma once

#include <cstdint>
#include <optional>

#include "epfleet/workload/plain.h"

namespace epfleet::sessions {

class LengthLaw {
 public:
  // REQUIRES: a law that check accepts: the mean lies between the limits.
  explicit LengthLaw(const workload::LengthConfig& config);

  // The length below which a share u of all draws falls. REQUIRES: 0 < u < 1.
  [[nodiscard]] std::int64_t draw(double u) const;
  [[nodiscard]] double mean() const { return mean_; }

 private:
  workload::LengthShape shape_;
  double mean_, low_, high_;
  double log_median_ = 0.0, sigma_ = 0.0;
};

}  // namespace epfleet::sessions
