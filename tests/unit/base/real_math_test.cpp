#include "epfleet/base/real_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::base {
namespace {

// |ours / libm - 1| < 1e-12 over the whole range.
TEST(RealMath, LogAgreesWithLibm) {
  Stream draw(StreamFamily(1, "real_math"), 0);
  for (int i = 0; i < 100'000; ++i) {
    const double x = std::ldexp(0.5 + draw.uniform(), static_cast<int>(draw.bits() % 2000) - 1000);
    ASSERT_NEAR(real_log(x), std::log(x), 1e-12 * std::max(1e-3, std::fabs(std::log(x)))) << x;
  }
  EXPECT_EQ(real_log(1.0), 0.0);
  EXPECT_NEAR(real_log(std::numeric_limits<double>::denorm_min()), -744.4400719213812, 1e-9);
  EXPECT_THROW((void)real_log(0.0), InvariantBroken);
  EXPECT_THROW((void)real_log(std::nan("")), InvariantBroken);
}

TEST(RealMath, ExpAgreesWithLibm) {
  Stream draw(StreamFamily(2, "real_math"), 0);
  for (int i = 0; i < 100'000; ++i) {
    const double x = 1400.0 * (draw.uniform() - 0.5);
    ASSERT_NEAR(real_exp(x) / std::exp(x), 1.0, 1e-12) << x;
  }
  EXPECT_EQ(real_exp(0.0), 1.0);
  EXPECT_EQ(real_exp(-800.0), 0.0);
  EXPECT_TRUE(std::isinf(real_exp(710.0)));
  EXPECT_NEAR(real_exp(-740.0) / std::exp(-740.0), 1.0, 1e-2);  // subnormal: few bits left
}

// Phi(quantile(p)) = p, with Phi from erfc. A relative error e of z moves ln Phi by about e (1 +
// z^2).
TEST(RealMath, NormalQuantileInvertsTheDistribution) {
  for (double p = 1e-9; p < 1.0; p = p < 0.001 ? p * 3.0 : p + 0.00077) {
    const double z = normal_quantile(p);
    const double back = 0.5 * std::erfc(-z / std::sqrt(2.0));
    ASSERT_NEAR(back / p, 1.0, 1.2e-9 * (1.0 + z * z)) << p;
  }
}

TEST(Random, StreamsDependOnEveryPartOfTheirName) {
  const auto first = [](std::uint64_t seed, const char* name, std::uint64_t entity,
                        std::uint64_t index) {
    return Stream(StreamFamily(seed, name), entity, index).bits();
  };
  const std::uint64_t reference = first(1, "a", 2, 3);
  EXPECT_EQ(first(1, "a", 2, 3), reference);
  EXPECT_NE(first(2, "a", 2, 3), reference);
  EXPECT_NE(first(1, "b", 2, 3), reference);
  EXPECT_NE(first(1, "a", 3, 3), reference);
  EXPECT_NE(first(1, "a", 2, 4), reference);
}

// Mean and variance of 10^6 draws: within 5 standard errors of the law's.
TEST(Random, DrawsHaveTheMomentsOfTheirLaw) {
  Stream draw(StreamFamily(3, "moments"), 0);
  constexpr int kDraws = 1'000'000;
  double uniform = 0.0;
  double exponential = 0.0;
  double normal = 0.0;
  double square = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    uniform += draw.uniform();
    exponential += draw.exponential();
    const double z = draw.normal();
    normal += z;
    square += z * z;
  }
  EXPECT_NEAR(uniform / kDraws, 0.5, 5 * 0.2887 / 1000);
  EXPECT_NEAR(exponential / kDraws, 1.0, 5 * 1.0 / 1000);
  EXPECT_NEAR(normal / kDraws, 0.0, 5 * 1.0 / 1000);
  EXPECT_NEAR(square / kDraws, 1.0, 5 * 1.414 / 1000);
}

}  // namespace
}  // namespace epfleet::base
