// The least value of a function of several variables, without derivatives.
//
// Modelled: Nelder and Mead's simplex (1965).
// Left out: bounds (a function may grow beyond them), global minima.
#pragma once

#include <functional>
#include <vector>

namespace epfleet::calibration {

struct Minimum {
  double value = 0.0;
  std::vector<double> at;
};

// Begun anew from its best point a few times with smaller steps, each a part of the variable's
// value.
[[nodiscard]] Minimum minimise(const std::function<double(const std::vector<double>&)>& function,
                               std::vector<double> start);

}  // namespace epfleet::calibration
