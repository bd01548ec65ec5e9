#include "epfleet/sessions/root_search.h"

#include <gtest/gtest.h>

namespace epfleet::sessions {
namespace {

using Point = RootSearch::Point;

// x + x^3 / 4 + y / 2 = 1.75 and y - x^2 / 3 = 2 / 3 have the root (1, 1).
Point curved(const Point& at) {
  const double x = at[0];
  const double y = at[1];
  return {x + 0.25 * x * x * x + 0.5 * y - 1.75, y - x * x / 3.0 - 2.0 / 3.0};
}

TEST(RootSearch, FindsTheRootOfCurvedEquations) {
  RootSearch search({3.0, 3.0});
  search.measure_slopes(curved);
  search.improve(curved, 1e-6, 60);
  EXPECT_LT(search.error(), 1e-6);
  EXPECT_NEAR(search.best()[0], 1.0, 1e-5);
  EXPECT_NEAR(search.best()[1], 1.0, 1e-5);
}

// x = 5 lies beyond the bound of 2: the nearest point is kept and its error told.
TEST(RootSearch, StopsAtItsBounds) {
  const auto beyond = [](const Point& at) { return Point{at[0] - 5.0}; };
  RootSearch search({2.0});
  search.measure_slopes(beyond);
  search.improve(beyond, 1e-9, 100);
  EXPECT_DOUBLE_EQ(search.best()[0], 2.0);
  EXPECT_DOUBLE_EQ(search.error(), 3.0);
}

TEST(RootSearch, GivesUpWhereAnUnknownHasNoInfluence) {
  const auto flat = [](const Point& at) { return Point{at[0], 1.0 + 0.0 * at[1]}; };
  RootSearch search({2.0, 2.0});
  search.measure_slopes(flat);
  search.improve(flat, 1e-9, 100);
  EXPECT_DOUBLE_EQ(search.error(), 1.0);
}

}  // namespace
}  // namespace epfleet::sessions
