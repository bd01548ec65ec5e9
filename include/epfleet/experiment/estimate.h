// Means with 95 % confidence intervals by Student's t: of replicates, or of differences between
// pairs of replicates that share their seed. Pairing takes the noise that both have in common (the
// same requests) out of the difference.
// Left out: correction for several comparisons (holm_significant), distributions far from normal
//   with few replicates; a search's result is rounded to its precision, which adds to the noise.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace epfleet::experiment {

struct Estimate {
  std::size_t n = 0;
  double mean = 0.0;
  std::optional<double> low, high;  // none with a single value
  std::optional<double> p;          // two-sided, of the mean being 0; none with a single value
};

// REQUIRES: values is not empty.
[[nodiscard]] Estimate estimate(std::span<const double> values);

// Of a - b, pair by pair. REQUIRES: as many of each, and not none.
[[nodiscard]] Estimate paired_difference(std::span<const double> a, std::span<const double> b);

// Of a / b: the geometric mean of the pairs' ratios, its interval from their logarithms.
// REQUIRES: as above, and all positive.
[[nodiscard]] Estimate paired_ratio(std::span<const double> a, std::span<const double> b);

// Which of several p-values are significant at 5 % in all, by Holm's step-down method.
[[nodiscard]] std::vector<bool> holm_significant(std::span<const std::optional<double>> p);

}  // namespace epfleet::experiment
