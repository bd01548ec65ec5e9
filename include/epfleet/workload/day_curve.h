// A rate over the day, repeated daily from the scenario's start (time 0).
// Modelled: straight lines between knots at the ends and middles of equal bins, continuous, never
//   negative, with exactly the given mean in every bin.
// Left out: differences between days.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace epfleet::workload {

inline constexpr double kDaySeconds = 86400.0;

class DayCurve {
 public:
  // REQUIRES: values >= 0; their number divides 43,200 (knots at whole seconds).
  explicit DayCurve(std::span<const double> bin_means);

  // Linear pieces, half a bin long: piece i runs from knot i to knot i + 1 (periodic).
  [[nodiscard]] std::size_t pieces() const { return knots_.size(); }
  [[nodiscard]] double piece_seconds() const {
    return kDaySeconds / static_cast<double>(knots_.size());
  }
  [[nodiscard]] double knot(std::size_t i) const { return knots_[i % knots_.size()]; }

  [[nodiscard]] double at(double seconds) const;  // any time, also negative
  [[nodiscard]] double largest() const;

  // Integral over [from, to] seconds; any times, also negative. REQUIRES: from <= to.
  [[nodiscard]] double integral(double from_s, double to_s) const;
  [[nodiscard]] double mean() const { return day_ / kDaySeconds; }
  [[nodiscard]] std::vector<double> bin_means(std::size_t bins) const;

 private:
  [[nodiscard]] double integral_to(double seconds) const;  // from 0

  std::vector<double> knots_;
  std::vector<double> until_;  // integral from 0 to knot i, for i = 0 .. pieces
  double day_ = 0.0;
};

// 24 hourly weights from the scenario's start: the column theoretical_income_usd of a CSV (plain or
// compressed, `#` comments), scaled to mean 1. "flat": all 1. Throws InputError.
[[nodiscard]] std::array<double, 24> read_hourly_shape(const std::string& flat_or_path);

}  // namespace epfleet::workload
