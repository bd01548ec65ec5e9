#include "epfleet/calibration/minimise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace epfleet::calibration {
namespace {

// (x - 3)^2 + 10 (y - 40)^2 has its least value, 0, at (3, 40).
TEST(Minimise, FindsTheBottomOfABowl) {
  const auto bowl = [](const std::vector<double>& p) {
    return (p[0] - 3.0) * (p[0] - 3.0) + 10.0 * (p[1] - 40.0) * (p[1] - 40.0);
  };
  const Minimum found = minimise(bowl, {1.0, 10.0});
  EXPECT_NEAR(found.at[0], 3.0, 1e-3);
  EXPECT_NEAR(found.at[1], 40.0, 1e-3);
}

// A descent of 600 steps as long as its first, 0.15, would end below 100.
TEST(Minimise, TakesLongerStepsOnALongWay) {
  const auto far = [](const std::vector<double>& p) {
    return std::abs(p[0] - 1e6) + std::abs(p[1] - 2e6);
  };
  EXPECT_NEAR(minimise(far, {1.0, 1.0}).value, 0.0, 1.0);
}

// |x - 1| + |y - 2| has a kink at its bottom, as mean absolute errors do.
TEST(Minimise, FindsTheBottomOfAKink) {
  const auto kink = [](const std::vector<double>& p) {
    return std::abs(p[0] - 1.0) + std::abs(p[1] - 2.0);
  };
  EXPECT_NEAR(minimise(kink, {5.0, 5.0}).value, 0.0, 1e-3);
}

// Never worse than the start, even without a slope to follow.
TEST(Minimise, NeverWorseThanTheStart) {
  const auto flat = [](const std::vector<double>&) { return 7.0; };
  EXPECT_EQ(minimise(flat, {1.0, 2.0}).value, 7.0);
}

}  // namespace
}  // namespace epfleet::calibration
