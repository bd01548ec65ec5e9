#include "../src/experiment/bisection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace epfleet::experiment {
namespace {

// Every edge between 1 and 40 of whole numbers is found exactly, with no more than 2 + log2(39)
// questions and none twice.
TEST(FindEdge, FindsEveryEdgeOfWholeNumbers) {
  for (int edge = 2; edge <= 40; ++edge) {
    std::vector<double> asked;
    const Edge found = find_edge(1, 40, 0.0, true, [&](double value) {
      asked.push_back(value);
      return value < edge;
    });
    EXPECT_EQ(*found.good, edge - 1);
    EXPECT_EQ(*found.bad, edge);
    EXPECT_LE(asked.size(), 8U);
    std::sort(asked.begin(), asked.end());
    EXPECT_EQ(std::unique(asked.begin(), asked.end()), asked.end());
  }
}

TEST(FindEdge, ComesWithinThePrecision) {
  const Edge found = find_edge(0.1, 10.0, 0.02, false, [](double v) { return v < 1.234; });
  EXPECT_LT(*found.good, 1.234);
  EXPECT_GE(*found.bad, 1.234);
  EXPECT_LE(*found.bad / *found.good, 1.02);
}

TEST(FindEdge, SaysWhenThereIsNone) {
  const Edge all_good = find_edge(1, 9, 0.0, true, [](double) { return true; });
  EXPECT_EQ(all_good.good, 9);
  EXPECT_FALSE(all_good.bad.has_value());
  const Edge all_bad = find_edge(1, 9, 0.0, true, [](double) { return false; });
  EXPECT_FALSE(all_bad.good.has_value());
  EXPECT_EQ(all_bad.bad, 1);
  const Edge reversed = find_edge(1, 9, 0.0, true, [](double value) { return value > 5; });
  EXPECT_EQ(reversed.good, 9);
  EXPECT_EQ(reversed.bad, 1);
}

}  // namespace
}  // namespace epfleet::experiment
