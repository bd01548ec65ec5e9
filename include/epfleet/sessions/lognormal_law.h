// Draws from a lognormal law by its inverse distribution function.
// Modelled: see quantile_table.h; every value within 5e-4 (relative) for sigma <= 1.4. Nothing
//   downstream notices the chords, because the solver for the totals draws here too.
#pragma once

#include "epfleet/sessions/quantile_table.h"
#include "epfleet/workload/config.h"

namespace epfleet::sessions {

class LognormalLaw {
 public:
  explicit LognormalLaw(const workload::Lognormal& config);

  // The value below which a share u of all draws falls. REQUIRES: 0 < u < 1.
  [[nodiscard]] double quantile(double u) const {
    return table_.quantile(u, [this](double v) { return exact(v); });
  }

  [[nodiscard]] double mean() const;

  // The law of the value that a random moment falls into, when values are lengths laid end to end:
  // each counts in proportion to itself. Lognormal again, with the median times exp(sigma^2).
  [[nodiscard]] LognormalLaw length_biased() const;

 private:
  [[nodiscard]] double exact(double u) const;

  workload::Lognormal law_;
  QuantileTable table_;
};

}  // namespace epfleet::sessions
