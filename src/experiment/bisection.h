// The edge between the lower values, which are good, and the higher ones, which are not.
#pragma once

#include <cmath>
#include <optional>

namespace epfleet::experiment {

struct Edge {
  std::optional<double> good;  // the value nearest to the edge on its good side; none: all are bad
  std::optional<double> bad;   // the nearest on its bad side; none: all are good
};

// Where good(value) ends between `low` and `high`, both positive, if it ends once: halves the range
// (in the logarithm, or of whole numbers) until its ends are neighbours, or differ by no more than
// `precision` of the value. Without such an edge one of them is absent, or `bad` is below `good`.
template <class Good>
Edge find_edge(double low, double high, double precision, bool whole, const Good& good) {
  const bool low_good = good(low);
  const bool high_good = good(high);
  if (!low_good || high_good) {
    return {high_good ? std::optional(high) : std::nullopt,
            low_good ? std::nullopt : std::optional(low)};
  }
  Edge edge{low, high};
  while (whole ? *edge.bad - *edge.good > 1.0 : *edge.bad / *edge.good > 1.0 + precision) {
    const double middle =
        whole ? std::floor((*edge.good + *edge.bad) / 2.0) : std::sqrt(*edge.good * *edge.bad);
    (good(middle) ? edge.good : edge.bad) = middle;
  }
  return edge;
}

}  // namespace epfleet::experiment
