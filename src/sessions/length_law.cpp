#include "epfleet/sessions/length_law.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/real_math.h"

namespace epfleet::sessions {
namespace {

constexpr int kHalvings = 50;
constexpr double kNoLimit = 1e12;  // tokens

// P(Z <= z), as the inverse of the quantile that the draws use.
double normal_share(double z) {
  constexpr double kFar = 6.0;  // 1e-9 lies beyond
  if (std::abs(z) > kFar) {
    return z > 0.0 ? 1.0 : 0.0;
  }
  double low = 0.0, high = 1.0;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    (base::normal_quantile(middle) <= z ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// E[min(max(exp(mu + sigma Z), low), high)]: the ends with their probabilities, and between them
// exp(mu + sigma^2 / 2) (Phi(b - sigma) - Phi(a - sigma)).
double limited_mean(double mu, double sigma, double low, double high) {
  const double a = (base::real_log(low) - mu) / sigma;
  const double b = (base::real_log(high) - mu) / sigma;
  return low * normal_share(a) + high * (1.0 - normal_share(b)) +
         base::real_exp(mu + 0.5 * sigma * sigma) *
             (normal_share(b - sigma) - normal_share(a - sigma));
}

double log_median_for(double mean, double sigma, double low, double high) {
  const double unlimited = base::real_log(mean) - 0.5 * sigma * sigma;
  double from = unlimited - 40.0, to = unlimited + 40.0;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (from + to);
    (limited_mean(middle, sigma, low, high) < mean ? from : to) = middle;
  }
  return 0.5 * (from + to);
}

}  // namespace

LengthLaw::LengthLaw(const workload::LengthConfig& config)
    : shape_(config.shape()),
      mean_(config.usual_mean()),
      low_(static_cast<double>(std::max<std::int64_t>(config.min.value_or(1), 1))),
      high_(config.max ? static_cast<double>(*config.max) : kNoLimit) {
  if (shape_ == workload::LengthShape::Lognormal) {
    const double cv = config.cv.value_or(1.0);
    sigma_ = std::sqrt(base::real_log(1.0 + cv * cv));
    log_median_ = log_median_for(mean_, sigma_, low_, high_);
  }
}

std::int64_t LengthLaw::draw(double u) const {
  switch (shape_) {
    case workload::LengthShape::Uniform:
      return static_cast<std::int64_t>(low_ + std::floor(u * (high_ - low_ + 1.0)));
    case workload::LengthShape::Lognormal: {
      const double drawn = base::real_exp(log_median_ + sigma_ * base::normal_quantile(u));
      return static_cast<std::int64_t>(std::clamp(drawn, low_, high_) + 0.5);
    }
    case workload::LengthShape::Auto:
    case workload::LengthShape::Fixed:
      break;
  }
  return static_cast<std::int64_t>(mean_ + u);  // a fraction of a token: at random
}

}  // namespace epfleet::sessions
