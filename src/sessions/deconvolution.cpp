#include "epfleet/sessions/deconvolution.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"

namespace epfleet::sessions {

std::vector<double> deconvolve_starts(std::span<const double> served,
                                      std::span<const double> kernel) {
  constexpr int kMostRounds = 400;
  constexpr double kCloseEnough = 1e-6;
  const std::size_t n = served.size();
  EPFLEET_CHECK(kernel.size() == n, "a kernel of as many bins");
  double kernel_sum = 0.0;
  for (const double weight : kernel) {
    kernel_sum += weight;
  }
  std::vector<double> starts(served.begin(), served.end());
  double mean_starts = 0.0;
  for (double& value : starts) {
    value /= kernel_sum;
    mean_starts += value / static_cast<double>(n);
  }
  std::vector<double> ratio(n);
  for (int round = 0; round < kMostRounds; ++round) {
    double worst = 0.0;
    for (std::size_t t = 0; t < n; ++t) {
      double sum = 0.0;
      for (std::size_t lag = 0; lag < n; ++lag) {
        sum += kernel[lag] * starts[t >= lag ? t - lag : t + n - lag];
      }
      ratio[t] = sum > 0.0 ? served[t] / sum : 1.0;
      worst = std::max(worst, starts[t] * std::fabs(ratio[t] - 1.0));
    }
    for (std::size_t t = 0; t < n; ++t) {
      double correction = 0.0;
      for (std::size_t lag = 0; lag < n; ++lag) {
        correction += kernel[lag] * ratio[t + lag < n ? t + lag : t + lag - n];
      }
      starts[t] *= correction / kernel_sum;
    }
    if (worst <= kCloseEnough * mean_starts) {
      break;
    }
  }
  return starts;
}

}  // namespace epfleet::sessions
