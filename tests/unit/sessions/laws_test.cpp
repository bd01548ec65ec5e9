// The probability laws of a session: lognormal lengths, numbers of turns.
#include <gtest/gtest.h>

#include <cmath>

#include "epfleet/base/random.h"
#include "epfleet/sessions/lognormal_law.h"
#include "epfleet/sessions/turn_count_law.h"

namespace epfleet::sessions {
namespace {

TEST(LognormalLaw, EveryQuantileIsWithinFiveTenThousandths) {
  const LognormalLaw law({39.0, 1.4});
  for (int i = 1; i < 100000; ++i) {
    const double u = i / 100000.0;
    const double exact = 39.0 * std::exp(1.4 * base::normal_quantile(u));
    EXPECT_NEAR(law.quantile(u) / exact, 1.0, 5e-4) << u;
  }
}

// E[X] = median exp(s^2 / 2), E[X^2] = median^2 exp(2 s^2): midpoint sums over a million quantiles.
TEST(LognormalLaw, MomentsAreThoseOfTheClosedForm) {
  const LognormalLaw law({100.0, 1.0});
  constexpr int kPoints = 1'000'000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < kPoints; ++i) {
    const double x = law.quantile((i + 0.5) / kPoints);
    sum += x / kPoints;
    squares += x * x / kPoints;
  }
  EXPECT_NEAR(sum / (100.0 * std::exp(0.5)), 1.0, 2e-4);
  EXPECT_NEAR(squares / (1e4 * std::exp(2.0)), 1.0, 2e-3);
  EXPECT_NEAR(law.mean() / (100.0 * std::exp(0.5)), 1.0, 1e-12);
}

// The mean of the length-biased law is E[X^2] / E[X] = median exp(1.5 s^2).
TEST(LognormalLaw, LengthBiasedMeanIsRatioOfMoments) {
  const LognormalLaw law({75.0, 1.05});
  EXPECT_NEAR(law.length_biased().mean() / (75.0 * std::exp(1.5 * 1.05 * 1.05)), 1.0, 1e-12);
}

TEST(LognormalLaw, WithoutSpreadEveryDrawIsTheMedian) {
  const LognormalLaw law({12.5, 0.0});
  EXPECT_EQ(law.quantile(0.001), 12.5);
  EXPECT_EQ(law.quantile(0.7), 12.5);
}

// E[N] = E[1 / p] for p ~ Beta(a, b) = (a + b - 1) / (a - 1) = 2.36 / 1.25 = 1.888 turns.
TEST(TurnCountLaw, MeanIsThatOfTheBetaGeometricLaw) {
  const TurnCountLaw law(2.25, 1.11);
  double mean = 0.0;
  for (std::uint32_t k = 1; k <= TurnCountLaw::kMostTurns; ++k) {
    mean += law.at_least(k);
  }
  EXPECT_NEAR(mean, 2.36 / 1.25, 1e-3);
}

// P(N >= 2) = b / (a + b); P(N >= 3) = b (b + 1) / ((a + b)(a + b + 1)).
TEST(TurnCountLaw, SurvivalIsTheRatioOfBetaFunctions) {
  const TurnCountLaw law(2.25, 1.11);
  EXPECT_DOUBLE_EQ(law.at_least(1), 1.0);
  EXPECT_NEAR(law.at_least(2), 1.11 / 3.36, 1e-15);
  EXPECT_NEAR(law.at_least(3), 1.11 * 2.11 / (3.36 * 4.36), 1e-15);
}

// draw(u) = n iff P(N >= n + 1) <= u < P(N >= n), near and far.
TEST(TurnCountLaw, DrawInvertsTheSurvival) {
  const TurnCountLaw law(1.6, 9.0);
  base::Stream stream(base::StreamFamily(7, "test"), 0);
  for (int i = 0; i < 20000; ++i) {
    const double uniform = stream.uniform();
    const double u = i % 2 == 0 ? uniform : uniform * 1e-3;
    const std::uint32_t turns = law.draw(u);
    EXPECT_LT(u, law.at_least(turns));
    if (turns < TurnCountLaw::kMostTurns) {
      EXPECT_GE(u, law.at_least(turns + 1));
    }
  }
}

TEST(TurnCountLaw, WithoutParametersThereIsOneTurn) {
  const TurnCountLaw law(0.0, 0.0);
  EXPECT_EQ(law.draw(1e-12), 1U);
  EXPECT_EQ(law.at_least(2), 0.0);
}

}  // namespace
}  // namespace epfleet::sessions
