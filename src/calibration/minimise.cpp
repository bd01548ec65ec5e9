#include "epfleet/calibration/minimise.h"

#include <algorithm>
#include <utility>

namespace epfleet::calibration {
namespace {

using Point = std::vector<double>;
using Function = std::function<double(const Point&)>;

constexpr int kIterations = 600;     // at most, of one descent
constexpr double kTolerance = 1e-9;  // of the values of the simplex

// from + factor x (to - from)
Point along(const Point& from, const Point& to, double factor) {
  Point point(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    point[i] = from[i] + factor * (to[i] - from[i]);
  }
  return point;
}

Point centre_of_all_but_last(const std::vector<Minimum>& simplex) {
  Point centre(simplex.front().at.size(), 0.0);
  for (std::size_t s = 0; s + 1 < simplex.size(); ++s) {
    for (std::size_t i = 0; i < centre.size(); ++i) {
      centre[i] += simplex[s].at[i] / static_cast<double>(simplex.size() - 1);
    }
  }
  return centre;
}

// Reflect the worst point; go further where that is best, nearer where it is not good, and draw all
// points together where nothing helps.
void improve(const Function& function, std::vector<Minimum>& simplex) {
  const auto evaluated = [&function](Point point) {
    const double value = function(point);
    return Minimum{value, std::move(point)};
  };
  const Point centre = centre_of_all_but_last(simplex);
  Minimum& worst = simplex.back();
  Minimum reflected = evaluated(along(centre, worst.at, -1.0));
  if (reflected.value < simplex.front().value) {
    Minimum further = evaluated(along(centre, worst.at, -2.0));
    worst = further.value < reflected.value ? std::move(further) : std::move(reflected);
    return;
  }
  if (reflected.value < simplex[simplex.size() - 2].value) {
    worst = std::move(reflected);
    return;
  }
  Minimum nearer = evaluated(along(centre, worst.at, 0.5));
  if (nearer.value < worst.value) {
    worst = std::move(nearer);
    return;
  }
  for (std::size_t s = 1; s < simplex.size(); ++s) {
    simplex[s] = evaluated(along(simplex.front().at, simplex[s].at, 0.5));
  }
}

Minimum descend(const Function& function, const Point& start, double step) {
  std::vector<Minimum> simplex{{function(start), start}};
  for (std::size_t i = 0; i < start.size(); ++i) {
    Point point = start;
    point[i] *= 1.0 + step;
    simplex.push_back({function(point), point});
  }
  const auto by_value = [](const Minimum& a, const Minimum& b) { return a.value < b.value; };
  for (int i = 0; i < kIterations; ++i) {
    std::ranges::stable_sort(simplex, by_value);
    if (simplex.back().value - simplex.front().value < kTolerance) {
      break;
    }
    improve(function, simplex);
  }
  return *std::ranges::min_element(simplex, by_value);
}

}  // namespace

Minimum minimise(const Function& function, Point start) {
  constexpr int kRestarts = 3;
  constexpr double kSmaller = 0.7;
  double step = 0.15;
  Minimum best{function(start), std::move(start)};
  for (int restart = 0; restart < kRestarts; ++restart) {
    best = descend(function, best.at, step);
    step *= kSmaller;
  }
  return best;
}

}  // namespace epfleet::calibration
