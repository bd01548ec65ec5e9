// A function tabulated at equal steps and read by linear interpolation; beyond the end it continues
// straight, as steep as over its second half. For functions of 0 < x that are smooth but for a few
// kinks, or of whole numbers with a step each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace epfleet::timing {

class Curve {
 public:
  Curve() = default;
  // `function(x)` at 0+, step, 2 step, ... up to `end` or just beyond.
  // REQUIRES: end > 0, intervals > 0.
  template <class Function>
  Curve(double end, std::size_t intervals, const Function& function)
      : per_step_(static_cast<double>(intervals) / end) {
    last_ = intervals;
    knots_.reserve(intervals + 1);
    knots_.push_back(function(kAlmostNothing));  // not 0: the fixed times belong to every x > 0
    for (std::size_t i = 1; i <= intervals; ++i) {
      knots_.push_back(function(static_cast<double>(i) / per_step_));
    }
  }

  // REQUIRES: x >= 0.
  [[nodiscard]] double at(double x) const {
    const double position = x * per_step_;
    const auto knot = static_cast<std::size_t>(position);
    if (knot >= last_) [[unlikely]] {
      const std::size_t half = knots_.size() / 2;
      const double beyond = position - static_cast<double>(knots_.size() - 1);
      return knots_.back() + beyond * (knots_.back() - knots_[half]) /
                                 static_cast<double>(knots_.size() - 1 - half);
    }
    const double fraction = position - static_cast<double>(knot);
    return knots_[knot] + fraction * (knots_[knot + 1] - knots_[knot]);
  }

 private:
  static constexpr double kAlmostNothing = 1e-9;

  double per_step_ = 0.0;
  std::size_t last_ = 0;  // knot
  std::vector<double> knots_;
};

}  // namespace epfleet::timing
