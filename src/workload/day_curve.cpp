#include "epfleet/workload/day_curve.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"

namespace epfleet::workload {

// Bin ends are the mean of both bins, but at most twice the smaller so that the middle, which makes
// up for the mean ((end + 2 middle + end) / 4), is not negative.
DayCurve::DayCurve(std::span<const double> bin_means) {
  const std::size_t n = bin_means.size();
  EPFLEET_CHECK(n > 0 && 43200 % n == 0, "the number of bins of a day divides 43,200");
  const auto end_before = [&](std::size_t i) {
    const double left = bin_means[(i + n - 1) % n];
    const double right = bin_means[i % n];
    return std::min({0.5 * (left + right), 2.0 * left, 2.0 * right});
  };
  for (std::size_t i = 0; i < n; ++i) {
    EPFLEET_CHECK(bin_means[i] >= 0.0, "a rate is not negative");
    knots_.push_back(end_before(i));
    knots_.push_back(2.0 * bin_means[i] - 0.5 * (end_before(i) + end_before(i + 1)));
  }
  until_.push_back(0.0);
  for (std::size_t i = 0; i < knots_.size(); ++i) {
    until_.push_back(until_.back() + 0.5 * (knot(i) + knot(i + 1)) * piece_seconds());
  }
  day_ = until_.back();
}

double DayCurve::at(double seconds) const {
  const double days = std::floor(seconds / kDaySeconds);
  const double position = std::max(seconds - days * kDaySeconds, 0.0) / piece_seconds();
  const auto piece = static_cast<std::size_t>(position);
  const double within = position - static_cast<double>(piece);
  return knot(piece) + within * (knot(piece + 1) - knot(piece));
}

double DayCurve::largest() const { return *std::max_element(knots_.begin(), knots_.end()); }

double DayCurve::integral_to(double seconds) const {
  const double days = std::floor(seconds / kDaySeconds);
  const double in_day = std::clamp(seconds - days * kDaySeconds, 0.0, kDaySeconds);
  const double position = in_day / piece_seconds();
  const std::size_t piece = std::min(static_cast<std::size_t>(position), pieces() - 1);
  const double x = in_day - static_cast<double>(piece) * piece_seconds();
  const double slope = (knot(piece + 1) - knot(piece)) / piece_seconds();
  return days * day_ + until_[piece] + x * (knot(piece) + 0.5 * slope * x);
}

double DayCurve::integral(double from_s, double to_s) const {
  return integral_to(to_s) - integral_to(from_s);
}

std::vector<double> DayCurve::bin_means(std::size_t bins) const {
  const double width = kDaySeconds / static_cast<double>(bins);
  std::vector<double> means;
  for (std::size_t i = 0; i < bins; ++i) {
    const double from = static_cast<double>(i) * width;
    // The last bits of a difference of integrals may fall below zero.
    means.push_back(std::max(integral(from, from + width) / width, 0.0));
  }
  return means;
}

}  // namespace epfleet::workload
