#include "epfleet/metrics/duration_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "epfleet/base/error.h"

namespace epfleet::metrics {
namespace {

using base::Duration;
using namespace std::chrono_literals;

TEST(DurationStatistics, NothingMeasuredIsAbsent) {
  DurationStatistics statistics(Resolution::Fine);
  const Distribution result = statistics.distribution();
  EXPECT_EQ(result.count, 0);
  EXPECT_FALSE(result.mean || result.std_dev || result.p50 || result.p99 || result.max);
}

// mean = (1 + 2 + 6) / 3 = 3 s, population variance = (4 + 1 + 9) / 3.
TEST(DurationStatistics, MeanDeviationAndMaxAreExact) {
  DurationStatistics statistics(Resolution::Fine);
  for (const Duration duration : {Duration(1s), Duration(2s), Duration(6s)}) {
    statistics.add(duration);
  }
  const Distribution result = statistics.distribution();
  EXPECT_EQ(result.count, 3);
  EXPECT_DOUBLE_EQ(*result.mean, 3.0);
  EXPECT_DOUBLE_EQ(*result.std_dev, std::sqrt(14.0 / 3.0));
  EXPECT_DOUBLE_EQ(*result.max, 6.0);
}

// Around a mean of 10,000 s, +-1 ns: variance = 1 ns^2, which mean(x^2) - mean(x)^2 in doubles
// loses.
TEST(DurationStatistics, DeviationDoesNotCancel) {
  DurationStatistics statistics(Resolution::Fine);
  statistics.add(10'000s + 1ns, 1'000'000);
  statistics.add(10'000s - 1ns, 1'000'000);
  EXPECT_DOUBLE_EQ(*statistics.distribution().std_dev, 1e-9);
}

// All samples equal: every quantile is that value, to the nanosecond, because of the known range.
// Around 5/3 ns, which is no whole number of them: (4 + 1 + 1) / 9 / 3.
TEST(DurationStatistics, DeviationIsAroundTheMeanItself) {
  DurationStatistics statistics(Resolution::Fine);
  for (const Duration duration : {Duration(1ns), Duration(2ns), Duration(2ns)}) {
    statistics.add(duration);
  }
  EXPECT_DOUBLE_EQ(*statistics.distribution().std_dev, std::sqrt(2.0 / 9.0) * 1e-9);
}

TEST(DurationStatistics, QuantilesOfEqualSamplesAreExact) {
  DurationStatistics statistics(Resolution::Fine);
  statistics.add(45'678'901ns, 1000);
  EXPECT_DOUBLE_EQ(*statistics.quantile(0.01), 0.045678901);
  EXPECT_DOUBLE_EQ(*statistics.quantile(0.99), 0.045678901);
}

// Uniform on (0, T]: the p quantile is p T; within 0.2 % (Fine) and 1.6 % (Coarse) for T from
// microseconds to an hour.
TEST(DurationStatistics, QuantilesOfAUniformAreKnown) {
  constexpr std::int64_t kSamples = 200'000;
  for (const Duration longest : {Duration(100us), Duration(70ms), Duration(3s), Duration(1h)}) {
    DurationStatistics fine(Resolution::Fine), coarse(Resolution::Coarse);
    const std::int64_t step = std::max<std::int64_t>(longest.count() / kSamples, 1);
    for (std::int64_t i = 1; i <= kSamples; ++i) {
      fine.add(Duration(i * step));
      coarse.add(Duration(i * step));
    }
    const double top = static_cast<double>(kSamples * step) * 1e-9;
    for (const double p : {0.05, 0.5, 0.9, 0.95, 0.99}) {
      EXPECT_NEAR(*fine.quantile(p) / (p * top), 1.0, 0.002) << p << " of " << top;
      if (longest > 30ms) {  // Coarse begins at 1 ms
        EXPECT_NEAR(*coarse.quantile(p) / (p * top), 1.0, 0.016) << p << " of " << top;
      }
    }
  }
}

// Of 100 samples 1 ms, 2 ms, ...: p99 is the 99th, p50 the 50th (rank = ceil(p n)), not the next.
TEST(DurationStatistics, RankIsTheCeiling) {
  DurationStatistics statistics(Resolution::Fine);
  for (std::int64_t i = 1; i <= 100; ++i) {
    statistics.add(std::chrono::milliseconds(i));
  }
  EXPECT_NEAR(*statistics.quantile(0.50), 0.050, 0.050 * 0.002);
  EXPECT_NEAR(*statistics.quantile(0.99), 0.099, 0.099 * 0.002);
  EXPECT_NEAR(*statistics.quantile(0.001), 0.001, 0.001 * 0.002);
  EXPECT_NEAR(*statistics.quantile(1.0), 0.100, 0.100 * 0.002);
}

// n copies at once = n times one copy.
TEST(DurationStatistics, AWeightIsRepetition) {
  DurationStatistics once(Resolution::Fine), repeated(Resolution::Fine);
  once.add(30ms, 700);
  once.add(90ms, 300);
  once.add(1h, 0);
  for (int i = 0; i < 1000; ++i) {
    repeated.add(i < 700 ? 30ms : 90ms);
  }
  const Distribution a = once.distribution();
  const Distribution b = repeated.distribution();
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(*a.mean, *b.mean);
  EXPECT_EQ(*a.std_dev, *b.std_dev);
  EXPECT_EQ(*a.p50, *b.p50);
  EXPECT_EQ(*a.p90, *b.p90);
  EXPECT_EQ(*a.max, *b.max);
}

// statistics(A) merged with statistics(B) = statistics(A and B).
TEST(DurationStatistics, MergingIsAddingAll) {
  DurationStatistics left(Resolution::Coarse), right(Resolution::Coarse), all(Resolution::Coarse);
  for (std::int64_t i = 0; i < 999; ++i) {
    const Duration duration(i * i * 12'345);
    (i % 3 == 0 ? left : right).add(duration);
    all.add(duration);
  }
  left.merge(right);
  EXPECT_EQ(left.distribution().count, 999);
  EXPECT_EQ(*left.distribution().mean, *all.distribution().mean);
  EXPECT_EQ(*left.distribution().std_dev, *all.distribution().std_dev);
  for (const double p : {0.1, 0.5, 0.99}) {
    EXPECT_EQ(*left.quantile(p), *all.quantile(p));
  }
}

// What is kept of it says the same, takes more, and is merged as before.
TEST(DurationStatistics, CompactingChangesNothing) {
  DurationStatistics plain(Resolution::Coarse), compacted(Resolution::Coarse);
  for (int i = 1; i <= 1000; ++i) {
    plain.add(i * 7ms);
    compacted.add(i * 7ms);
    if (i % 300 == 0) {
      compacted.compact();
      compacted.compact();
    }
  }
  compacted.compact();
  DurationStatistics sum(Resolution::Coarse), sum_of_plain(Resolution::Coarse);
  sum.add(1s);
  sum_of_plain.add(1s);
  sum.merge(compacted);
  sum_of_plain.merge(plain);
  for (auto [one, other] : {std::pair(&plain, &compacted), std::pair(&sum_of_plain, &sum)}) {
    EXPECT_EQ(one->distribution().count, other->distribution().count);
    EXPECT_EQ(one->distribution_with_percentiles().percentiles,
              other->distribution_with_percentiles().percentiles);
    EXPECT_EQ(one->distribution().mean, other->distribution().mean);
  }
}

// Zero and times past the last bin (39 h) count fully; quantiles stay between least and largest.
TEST(DurationStatistics, EndsOfTheRangeAreSafe) {
  DurationStatistics statistics(Resolution::Fine);
  statistics.add(0ns);
  statistics.add(1000h);
  EXPECT_DOUBLE_EQ(*statistics.distribution().mean, 500.0 * 3600.0);
  EXPECT_DOUBLE_EQ(*statistics.distribution().max, 1000.0 * 3600.0);
  EXPECT_LE(*statistics.quantile(0.5), 1e-8);
  EXPECT_GT(*statistics.quantile(1.0), 39.0 * 3600.0);
}

TEST(DurationStatistics, DifferentResolutionsDoNotMerge) {
  DurationStatistics fine(Resolution::Fine), coarse(Resolution::Coarse);
  EXPECT_THROW(fine.merge(coarse), base::InvariantBroken);
}

TEST(DurationStatistics, ANegativeDurationBreaksAnInvariant) {
  DurationStatistics statistics(Resolution::Fine);
  statistics.add(-1ns);
  EXPECT_THROW((void)statistics.distribution(), base::InvariantBroken);
  DurationStatistics weighted(Resolution::Fine);
  EXPECT_THROW(weighted.add(-1ns, 3), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::metrics
