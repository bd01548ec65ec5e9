// Counts against sums done by hand.
#include "epfleet/traces/trace_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace epfleet::traces {
namespace {

TraceRecord record(int seconds, std::int64_t input, std::int64_t output) {
  TraceRecord r;
  r.time = std::chrono::seconds(seconds);
  r.input = input;
  r.output = output;
  return r;
}

TEST(CountedValues, QuantilesAreValuesThatCame) {
  CountedValues values;
  for (const std::int64_t v : {5, 1, 3, 300'000, 2}) {
    values.add(v);
  }
  EXPECT_EQ(values.quantile(0.2), 1);
  EXPECT_EQ(values.quantile(0.21), 2);
  EXPECT_EQ(values.quantile(0.5), 3);
  EXPECT_EQ(values.quantile(0.8), 5);
  EXPECT_EQ(values.quantile(0.99), 300'000);
  EXPECT_EQ(values.largest(), 300'000);
  EXPECT_DOUBLE_EQ(values.mean(), 300'011.0 / 5.0);
}

TEST(TraceStatistics, GapsAndMinutes) {
  // Gaps 0, 60, 0, 300 s: mean 90, mean square 23,400, variance 15,300.
  // Minutes 0 .. 5 are full: 2, 2, 0, 0, 0, 0: mean 2/3, variance 8/6 - 4/9 = 8/9; ratio 4/3.
  TraceStatistics s;
  for (const int at : {10, 10, 70, 70, 370}) {
    s.add(record(at, 4, 2));
  }
  EXPECT_EQ(s.requests(), 5);
  EXPECT_EQ(s.span(), std::chrono::seconds(360));
  EXPECT_NEAR(*s.interarrival_cv(), std::sqrt(15'300.0) / 90.0, 1e-12);
  EXPECT_NEAR(*s.dispersion_per_minute(), 4.0 / 3.0, 1e-12);
  EXPECT_EQ(s.most_in_a_minute(), 2);
  EXPECT_EQ(s.input().total(), 20);
}

TEST(TraceStatistics, NoRateOfASingleRequest) {
  TraceStatistics s;
  s.add(record(0, 1, 1));
  EXPECT_FALSE(s.interarrival_cv());
  EXPECT_FALSE(s.dispersion_per_minute());
}

}  // namespace
}  // namespace epfleet::traces
