#include "epfleet/experts/expert_popularity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace epfleet::experts {
namespace {

using Path = std::vector<std::vector<double>>;

Path draw(const PopularitySpec& spec, std::vector<double> ages = {1.0}) {
  return draw_popularity(spec, 256, 0, ages);
}

double log_spread(const std::vector<double>& popularity) {
  double sum = 0.0, squares = 0.0;
  for (const double p : popularity) {
    sum += std::log(p);
    squares += std::log(p) * std::log(p);
  }
  const auto n = static_cast<double>(popularity.size());
  return std::sqrt(squares / n - sum / n * sum / n);
}

std::size_t unchanged(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), std::size_t{0}, std::plus<>(),
                            [](double x, double y) -> std::size_t { return x == y ? 1 : 0; });
}

// The n-th largest is n^-s, whichever expert it is, now and later.
TEST(ExpertPopularity, ZipfIsAPowerOfTheRank) {
  PopularitySpec spec;
  spec.skew = ExpertSkew::Zipf;
  spec.exponent = 0.8;
  for (std::vector<double> popularity : draw(spec, {0.5, 2.0})) {
    std::sort(popularity.begin(), popularity.end(), std::greater<>());
    for (std::size_t i = 0; i < popularity.size(); ++i) {
      EXPECT_NEAR(popularity[i], std::pow(static_cast<double>(i + 1), -0.8), 1e-12);
    }
  }
}

// Loads without drift are their own popularity, up to a factor: no load counts as half of the
// least.
TEST(ExpertPopularity, ObservedLoadsComeBack) {
  PopularitySpec spec;
  spec.skew = ExpertSkew::Observed;
  spec.drift_per_rebalance = 0.0;
  spec.loads = {{8.0, 0.0, 2.0, 4.0}, {3.0, 3.0, 3.0, 3.0}, {0.0, 0.0, 0.0, 0.0}};
  const Path layer = draw_popularity(spec, 4, 0, std::vector{1.0});
  const std::vector<double> expected = {8.0, 1.0, 2.0, 4.0};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(layer[0][i], expected[i], 1e-12);
    EXPECT_NEAR(layer[1][i], expected[i], 1e-12);
  }
  for (const std::int64_t even : {1, 2}) {
    const Path all = draw_popularity(spec, 4, even, std::vector{1.0});
    EXPECT_NEAR(all[1][0], all[1][3], 1e-12);
  }
}

// The spread stays as it is, however long the drift; 256 draws know it to 5 %.
TEST(ExpertPopularity, DriftKeepsTheSpread) {
  PopularitySpec spec;
  spec.sigma = 0.7;
  PopularitySpec observed = spec;
  observed.skew = ExpertSkew::Observed;
  observed.loads = {draw(spec).front()};
  for (const ExpertDrift drift : {ExpertDrift::Gradual, ExpertDrift::Jumps}) {
    spec.drift = observed.drift = drift;
    for (const PopularitySpec& one : {spec, observed}) {
      const Path path = draw(one, {3.0, 300.0});
      for (const std::vector<double>& popularity : path) {
        EXPECT_NEAR(log_spread(popularity), 0.7, 0.12);
      }
      EXPECT_NE(path[1], path[2]);
    }
  }
}

// With jumps 256 x 0.9^5 = 151 experts are as they were five intervals ago (standard deviation 8);
// with gradual drift none is.
TEST(ExpertPopularity, JumpsLeaveTheOthersAlone) {
  PopularitySpec spec;
  spec.drift = ExpertDrift::Jumps;
  const Path jumps = draw(spec, {5.0});
  EXPECT_NEAR(static_cast<double>(unchanged(jumps[0], jumps[1])), 151.0, 25.0);
  spec.drift = ExpertDrift::Gradual;
  const Path gradual = draw(spec, {5.0});
  EXPECT_EQ(unchanged(gradual[0], gradual[1]), 0U);
  EXPECT_EQ(gradual[0], jumps[0]);
}

// What comes later does not change what came before.
TEST(ExpertPopularity, FurtherAgesLeaveTheFirstOnesAlone) {
  for (const ExpertDrift drift : {ExpertDrift::Gradual, ExpertDrift::Jumps}) {
    PopularitySpec spec;
    spec.drift = drift;
    const Path two = draw(spec, {1.0});
    const Path three = draw(spec, {1.0, 1.0, 2.0});
    EXPECT_EQ(two[0], three[0]);
    EXPECT_EQ(two[1], three[1]);
    EXPECT_EQ(three[1], three[2]);  // no time has passed
    EXPECT_NE(three[2], three[3]);
  }
}

}  // namespace
}  // namespace epfleet::experts
