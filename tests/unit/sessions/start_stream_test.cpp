// Session starts that make a shape of the day, and the process they are drawn from.
#include "epfleet/sessions/start_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/sessions/session_kernels.h"

namespace epfleet::sessions {
namespace {

// A day like the published one: high plateaus, a deep trough, and two extremes to try the clamp.
constexpr std::array<double, 24> kHours = {1.15, 1.22, 1.30, 1.32, 1.30, 1.19, 1.14, 1.26,
                                           1.31, 1.32, 1.33, 1.27, 0.93, 0.77, 0.56, 0.34,
                                           0.01, 0.00, 0.34, 0.59, 0.99, 1.26, 9.00, 1.28};

// served = kernel * starts (periodic); from served and kernel the starts come back within 1 %.
TEST(DeconvolveStarts, RecoversAKnownCurveOfStarts) {
  std::vector<double> starts(kDayBins);
  std::vector<double> kernel(kDayBins, 0.0);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    const double phase = 2.0 * 3.14159265358979 * static_cast<double>(i) / kDayBins;
    starts[i] = 100.0 + 60.0 * std::sin(phase) + 15.0 * std::cos(3.0 * phase);
    kernel[i] = 0.15 / 36.0 * std::exp(-static_cast<double>(i) / 36.0);  // long returns
  }
  kernel[0] += 0.6;
  kernel[1] += 0.25;
  std::vector<double> served(kDayBins, 0.0);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    for (std::size_t lag = 0; lag < kDayBins; ++lag) {
      served[(i + lag) % kDayBins] += kernel[lag] * starts[i];
    }
  }
  const std::vector<double> found = deconvolve_starts(served, kernel);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    EXPECT_NEAR(found[i] / starts[i], 1.0, 0.01) << i;
  }
}

// When nothing is to be served in an hour that long returns reach, starts there go to 0 and stay
// finite.
TEST(DeconvolveStarts, ClampsAtZero) {
  std::vector<double> served(kDayBins, 1.0);
  std::fill(served.begin() + 100, served.begin() + 150, 0.0);
  std::vector<double> kernel(kDayBins, 0.2 / kDayBins);
  kernel[0] += 0.8;
  const std::vector<double> found = deconvolve_starts(served, kernel);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    EXPECT_GE(found[i], 0.0);
    EXPECT_LT(found[i], 3.0);
  }
  EXPECT_EQ(found[120], 0.0);
}

// Starts of an hour are Poisson with mean per_day * weight / 24; sd = sqrt(mean); 5 sd allowed.
TEST(StartStream, FollowsTheCurve) {
  const workload::DayCurve curve(kHours);
  constexpr double kPerDay = 240000.0;
  const base::TimePoint from = base::kWindowStart - std::chrono::minutes(30);
  const base::TimePoint until = base::kWindowStart + std::chrono::hours(24);
  StartStream starts(curve, kPerDay, from, until, base::Stream(base::StreamFamily(1, "test"), 0));
  std::array<double, 24> counts{};
  double before = 0.0;
  base::TimePoint last = from;
  for (auto time = starts.next(); time; time = starts.next()) {
    ASSERT_GE(*time, last);
    ASSERT_LT(*time, until);
    last = *time;
    if (*time < base::kWindowStart) {
      ++before;
    } else {
      ++counts[static_cast<std::size_t>(base::to_seconds(*time) / 3600.0)];
    }
  }
  for (std::size_t hour = 0; hour < 24; ++hour) {
    const double mean = kPerDay * kHours[hour] / (24.0 * curve.mean());
    EXPECT_NEAR(counts[hour], mean, 5.0 * std::sqrt(mean) + 0.5) << hour;
  }
  const double mean_before = kPerDay * curve.integral(-1800.0, 0.0) / (86400.0 * curve.mean());
  EXPECT_NEAR(before, mean_before, 5.0 * std::sqrt(mean_before));
  EXPECT_FALSE(starts.next().has_value());
}

// Variance of counts per minute / mean = 1 for a Poisson process (1,440 minutes: sd 0.037).
TEST(StartStream, IsAPoissonProcess) {
  const std::array<double, 1> flat = {1.0};
  const workload::DayCurve curve(flat);
  StartStream starts(curve, 144000.0, base::kWindowStart,
                     base::kWindowStart + std::chrono::hours(24),
                     base::Stream(base::StreamFamily(2, "test"), 0));
  std::array<double, 1440> counts{};
  for (auto time = starts.next(); time; time = starts.next()) {
    ++counts[static_cast<std::size_t>(base::to_seconds(*time) / 60.0)];
  }
  double sum = 0.0;
  double squares = 0.0;
  for (const double count : counts) {
    sum += count;
    squares += count * count;
  }
  const double mean = sum / 1440.0;
  EXPECT_NEAR(mean, 100.0, 5.0 * 10.0 / std::sqrt(1440.0));
  EXPECT_NEAR((squares / 1440.0 - mean * mean) / mean, 1.0, 0.19);
}

TEST(StartStream, WithoutARateThereAreNoStarts) {
  const workload::DayCurve curve(kHours);
  StartStream starts(curve, 0.0, base::kWindowStart, base::kWindowStart + std::chrono::hours(24),
                     base::Stream(base::StreamFamily(1, "test"), 0));
  EXPECT_FALSE(starts.next().has_value());
}

}  // namespace
}  // namespace epfleet::sessions
