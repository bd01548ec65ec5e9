#include "epfleet/experiment/estimate.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"

namespace epfleet::experiment {
namespace {

constexpr double kLevel = 0.05;

template <class Of>
Estimate of_pairs(std::span<const double> a, std::span<const double> b, const Of& of) {
  EPFLEET_CHECK(a.size() == b.size(), "pairs");
  std::vector<double> values(a.size());
  std::ranges::transform(a, b, values.begin(), of);
  return estimate(values);
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  EPFLEET_CHECK(!values.empty(), "an estimate needs a value");
  const auto n = static_cast<double>(values.size());
  Estimate result;
  result.n = values.size();
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) {
    return result;
  }
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - result.mean) * (value - result.mean);
  }
  const double error = std::sqrt(squares / (n - 1.0) / n);
  const boost::math::students_t law(n - 1.0);
  const double half = boost::math::quantile(law, 1.0 - kLevel / 2.0) * error;
  result.low = result.mean - half;
  result.high = result.mean + half;
  if (error > 0.0) {
    const double t = std::fabs(result.mean) / error;
    result.p = 2.0 * boost::math::cdf(boost::math::complement(law, t));
  } else {
    result.p = result.mean == 0.0 ? 1.0 : 0.0;
  }
  return result;
}

Estimate paired_difference(std::span<const double> a, std::span<const double> b) {
  return of_pairs(a, b, std::minus<>());
}

Estimate paired_ratio(std::span<const double> a, std::span<const double> b) {
  Estimate result = of_pairs(a, b, [](double x, double y) { return base::real_log(x / y); });
  result.mean = base::real_exp(result.mean);
  if (result.low) {
    result.low = base::real_exp(*result.low);
    result.high = base::real_exp(*result.high);
  }
  return result;
}

std::vector<bool> holm_significant(std::span<const std::optional<double>> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i]) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return *p[a] < *p[b]; });
  std::vector<bool> significant(p.size(), false);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (*p[order[rank]] > kLevel / static_cast<double>(order.size() - rank)) {
      break;
    }
    significant[order[rank]] = true;
  }
  return significant;
}

}  // namespace epfleet::experiment
