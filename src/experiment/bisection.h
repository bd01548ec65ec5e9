// The edge between the values that are good and those that are not.
#pragma once

#include <cmath>
#include <optional>

namespace epfleet::experiment {

struct Edge {
  std::optional<double> good;  // the value nearest to the edge on its good side; none: all are bad
  std::optional<double> bad;   // the nearest on its bad side; none: all are good
};

// Where good(value) changes between `low` and `high`, both positive, if it changes once: halves the
// range (in the logarithm, or of whole numbers) until its ends are neighbours, or differ by no more
// than `precision` of the value. `good_below`: whether the good side is the lower one.
template <class Good>
Edge find_edge(double low, double high, double precision, bool whole, bool good_below,
               const Good& good) {
  Edge edge;
  const bool low_good = good(low);
  const bool high_good = good(high);
  if (low_good == high_good || low_good != good_below) {
    // No edge of the asked kind: say which end is which.
    edge.good = low_good ? std::optional(low) : high_good ? std::optional(high) : std::nullopt;
    if (low_good && high_good) {
      edge.good = good_below ? high : low;
    }
    edge.bad = !low_good && !high_good ? std::optional(good_below ? low : high)
               : low_good && high_good ? std::nullopt
                                       : std::optional(low_good ? high : low);
    return edge;
  }
  edge.good = good_below ? low : high;
  edge.bad = good_below ? high : low;
  const auto apart = [&] {
    const double a = std::fmin(*edge.good, *edge.bad);
    const double b = std::fmax(*edge.good, *edge.bad);
    return whole ? b - a > 1.0 : b / a > 1.0 + precision;
  };
  while (apart()) {
    const double middle =
        whole ? std::floor((*edge.good + *edge.bad) / 2.0) : std::sqrt(*edge.good * *edge.bad);
    (good(middle) ? edge.good : edge.bad) = middle;
  }
  return edge;
}

}  // namespace epfleet::experiment
