#include "epfleet/base/real_math.h"

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "epfleet/base/error.h"

namespace epfleet::base {
namespace {

constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // upper bits of ln 2: k * kLn2High is exact
constexpr double kLn2Low = 0x1.ef35793c76730p-45;
constexpr double kInverseLn2 = 0x1.71547652b82fep+0;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;

// 2^k for -1022 <= k <= 1023.
double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52U);
}

// Coefficients of Acklam's approximation.
constexpr double kA[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                         1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
constexpr double kB[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                         6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
constexpr double kC[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                         -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
constexpr double kD[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                         3.754408661907416e+00, 1.0};
constexpr double kCentralFrom = 0.02425;

// Horner's scheme, the highest power first.
template <class Coefficients>
double polynomial(const Coefficients& coefficients, double x) {
  double sum = 0.0;
  for (const double coefficient : coefficients) {
    sum = sum * x + coefficient;
  }
  return sum;
}

// The square root is correctly rounded by IEEE 754, hence the same everywhere.
double tail_quantile(double p) {
  const double q = __builtin_sqrt(-2.0 * real_log(p));
  return polynomial(kC, q) / polynomial(kD, q);
}

}  // namespace

double real_log(double x) {
  EPFLEET_CHECK(x > 0.0 && x <= std::numeric_limits<double>::max(), "log of a positive number");
  int exponent = 0;
  if (x < std::numeric_limits<double>::min()) {  // subnormal
    x *= 0x1p54;
    exponent = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52U) - 1022;
  double mantissa =  // in [0.5, 1)
      std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3fe0000000000000ULL);
  if (mantissa < kSqrtHalf) {
    mantissa *= 2.0;
    --exponent;
  }
  // log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.1716
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double z = s * s;
  double series = 1.0 / 19.0;
  for (const double odd : {17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0}) {
    series = series * z + 1.0 / odd;
  }
  const double k = exponent;
  return k * kLn2High + (2.0 * s + (2.0 * s * z * series + k * kLn2Low));
}

double real_exp(double x) {
  if (x > 709.7) {
    return std::numeric_limits<double>::infinity();
  }
  if (!(x >= -745.0)) {
    EPFLEET_CHECK(x < 0.0, "exp of a number");
    return 0.0;
  }
  const int k = static_cast<int>(x * kInverseLn2 + (x < 0.0 ? -0.5 : 0.5));
  const double r = (x - k * kLn2High) - k * kLn2Low;  // |r| <= 0.3466
  double series = 1.0 / 6227020800.0;                 // 1 / 13!
  for (const double inverse_factorial :
       {1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0,
        1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0}) {
    series = series * r + inverse_factorial;
  }
  if (k < -1022) {  // a subnormal result, in two exact steps
    return series * power_of_two(k + 100) * 0x1p-100;
  }
  return k > 1023 ? series * power_of_two(k - 1) * 2.0 : series * power_of_two(k);
}

double real_pow(double x, double y) { return real_exp(y * real_log(x)); }

double normal_quantile(double p) {
  EPFLEET_CHECK(p > 0.0 && p < 1.0, "a probability strictly between 0 and 1");
  if (p < kCentralFrom) {
    return tail_quantile(p);
  }
  if (p > 1.0 - kCentralFrom) {
    return -tail_quantile(1.0 - p);
  }
  const double q = p - 0.5;
  const double r = q * q;
  return polynomial(kA, r) * q / polynomial(kB, r);
}

}  // namespace epfleet::base
