// A point where a few functions of as many unknowns are all zero, for functions that cost much to
// evaluate.
// Modelled: Newton steps with slopes measured once by differences and then updated by Broyden's
//   rule; steps of limited length, within bounds; the best point seen is kept.
// Source: Broyden, "A class of methods for solving nonlinear simultaneous equations" (1965).
#pragma once

#include <functional>
#include <vector>

namespace epfleet::sessions {

class RootSearch {
 public:
  using Point = std::vector<double>;
  using Function = std::function<Point(const Point&)>;

  // Starts at 0; unknown i stays within -bound[i] .. bound[i].
  explicit RootSearch(Point bound);

  void measure_slopes(const Function& function);

  // At most `most_steps` steps from the best point. A new `function` may be a finer version of that
  // of the slopes. REQUIRES: measure_slopes() was called.
  void improve(const Function& function, double close_enough, int most_steps);

  [[nodiscard]] const Point& best() const { return best_; }
  [[nodiscard]] const Point& value() const { return value_; }  // at best()
  [[nodiscard]] double error() const { return error_of(value_); }

 private:
  [[nodiscard]] static double error_of(const Point& value);
  [[nodiscard]] bool update_slopes(const Point& from, const Point& to, const Point& before,
                                   const Point& after);

  Point bound_;
  Point best_;
  Point value_;
  std::vector<Point> slopes_;  // [function][unknown]
};

}  // namespace epfleet::sessions
