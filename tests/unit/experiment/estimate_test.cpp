#include "epfleet/experiment/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "epfleet/base/random.h"

namespace epfleet::experiment {
namespace {

// Differences 1, 2, 3: mean 2, deviation 1, standard error 1 / sqrt(3); t(0.975, 2) = 4.30265, so
// the half-width is 2.48414. t = 2 sqrt(3) = 3.4641; p = 1 - t / sqrt(t^2 + 2) = 0.07418 for two
// degrees of freedom.
TEST(Estimate, OfPairsIsTheTextbooks) {
  const std::vector<double> a = {11, 22, 33};
  const std::vector<double> b = {10, 20, 30};
  const Estimate difference = paired_difference(a, b);
  EXPECT_EQ(difference.n, 3U);
  EXPECT_DOUBLE_EQ(difference.mean, 2.0);
  EXPECT_NEAR(*difference.low, 2.0 - 2.48414, 1e-5);
  EXPECT_NEAR(*difference.high, 2.0 + 2.48414, 1e-5);
  EXPECT_NEAR(*difference.p, 0.07418, 1e-5);
}

TEST(Estimate, OneValueHasNoInterval) {
  const Estimate single = estimate(std::vector<double>{5.0});
  EXPECT_EQ(single.mean, 5.0);
  EXPECT_FALSE(single.low.has_value());
  EXPECT_FALSE(single.p.has_value());
}

// Ratios 2, 2, 2 exactly: no spread.
TEST(Estimate, OfEqualRatios) {
  const Estimate ratio = paired_ratio(std::vector<double>{2, 4, 6}, std::vector<double>{1, 2, 3});
  EXPECT_NEAR(ratio.mean, 2.0, 1e-12);
  EXPECT_NEAR(*ratio.low, 2.0, 1e-12);
  EXPECT_NEAR(*ratio.high, 2.0, 1e-12);
}

// Of 2,000 experiments whose true difference is 0, the 95 % interval misses it in 5 %: a binomial
// count of 100 with deviation 9.7.
TEST(Estimate, IntervalsHoldTheTruthAsOftenAsTheySay) {
  int missed = 0;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    base::Stream stream(base::StreamFamily(7, "test.estimate"), trial);
    std::vector<double> a(5), b(5);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double common = 10.0 * stream.normal();
      a[i] = common + stream.normal();
      b[i] = common + stream.normal();
    }
    const Estimate difference = paired_difference(a, b);
    missed += *difference.low > 0.0 || *difference.high < 0.0 ? 1 : 0;
  }
  EXPECT_NEAR(missed, 100, 4 * 9.7);
}

// 0.01 <= 0.05 / 3 and 0.02 <= 0.05 / 2, but 0.06 > 0.05; of 0.02, 0.03, 0.04 none is: the first is
// above 0.05 / 3.
TEST(Holm, StepsDown) {
  using P = std::vector<std::optional<double>>;
  EXPECT_THAT(holm_significant(P{0.02, 0.06, 0.01}), testing::ElementsAre(true, false, true));
  EXPECT_THAT(holm_significant(P{0.02, 0.03, 0.04}), testing::ElementsAre(false, false, false));
  EXPECT_THAT(holm_significant(P{std::nullopt, 0.04}), testing::ElementsAre(false, true));
}

}  // namespace
}  // namespace epfleet::experiment
