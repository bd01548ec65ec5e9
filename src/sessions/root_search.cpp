#include "epfleet/sessions/root_search.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace epfleet::sessions {
namespace {

constexpr double kStepForSlopes = 0.05;
constexpr double kLongestStep = 0.4;
constexpr double kNoStep = 1e-14;  // squared length
// Rounding to whole tokens and blocks makes the functions rough at small scale: slopes from a step
// shorter than 0.01 would be noise.
constexpr double kTooShortForSlopes = 1e-4;  // squared length

// x with a x = b by elimination with pivots; none if a is singular.
std::optional<std::vector<double>> solve_linear(std::vector<std::vector<double>> a,
                                                std::vector<double> b) {
  constexpr double kSingular = 1e-9;
  const std::size_t n = b.size();
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      pivot = std::fabs(a[row][column]) > std::fabs(a[pivot][column]) ? row : pivot;
    }
    if (std::fabs(a[pivot][column]) < kSingular) {
      return std::nullopt;
    }
    std::swap(a[pivot], a[column]);
    std::swap(b[pivot], b[column]);
    for (std::size_t row = 0; row < n; ++row) {
      const double factor = row == column ? 0.0 : a[row][column] / a[column][column];
      for (std::size_t k = column; k < n; ++k) {
        a[row][k] -= factor * a[column][k];
      }
      b[row] -= factor * b[column];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    b[i] /= a[i][i];
  }
  return b;
}

}  // namespace

RootSearch::RootSearch(Point bound) : bound_(std::move(bound)), best_(bound_.size(), 0.0) {}

double RootSearch::error_of(const Point& value) {
  double worst = 0.0;
  for (const double v : value) {
    worst = std::max(worst, std::fabs(v));
  }
  return worst;
}

void RootSearch::measure_slopes(const Function& function) {
  const std::size_t n = bound_.size();
  const Point here = function(best_);
  slopes_.assign(n, Point(n, 0.0));
  for (std::size_t k = 0; k < n; ++k) {
    Point there = best_;
    there[k] += kStepForSlopes;
    const Point changed = function(there);
    for (std::size_t i = 0; i < n; ++i) {
      slopes_[i][k] = (changed[i] - here[i]) / kStepForSlopes;
    }
  }
}

void RootSearch::improve(const Function& function, double close_enough, int most_steps) {
  value_ = function(best_);
  Point at = best_;
  Point value = value_;
  for (int step = 0; step < most_steps && error() > close_enough; ++step) {
    const auto newton = solve_linear(slopes_, value);
    if (!newton) {
      return;
    }
    Point next = at;
    for (std::size_t k = 0; k < at.size(); ++k) {
      const double step_k = std::clamp(-(*newton)[k], -kLongestStep, kLongestStep);
      next[k] = std::clamp(at[k] + step_k, -bound_[k], bound_[k]);
    }
    const Point next_value = function(next);
    if (!update_slopes(at, next, value, next_value)) {
      return;
    }
    at = next;
    value = next_value;
    if (error_of(value) < error()) {
      best_ = at;
      value_ = value;
    }
  }
}

// False if there was no step: the bounds hold it back.
bool RootSearch::update_slopes(const Point& from, const Point& to, const Point& before,
                               const Point& after) {
  double length = 0.0;
  for (std::size_t k = 0; k < from.size(); ++k) {
    length += (to[k] - from[k]) * (to[k] - from[k]);
  }
  if (length < kNoStep) {
    return false;
  }
  if (length < kTooShortForSlopes) {
    return true;
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    double miss = after[i] - before[i];
    for (std::size_t k = 0; k < from.size(); ++k) {
      miss -= slopes_[i][k] * (to[k] - from[k]);
    }
    for (std::size_t k = 0; k < from.size(); ++k) {
      slopes_[i][k] += miss * (to[k] - from[k]) / length;
    }
  }
  return true;
}

}  // namespace epfleet::sessions
