// The shape of the day, and births that make it.
#include "epfleet/workload/day_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "drive.h"
#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/workload/birth_stream.h"

namespace epfleet::workload {
namespace {

// A day like the published one: high plateaus, a deep trough, and two extremes to try the clamp.
constexpr std::array<double, 24> kHours = {1.15, 1.22, 1.30, 1.32, 1.30, 1.19, 1.14, 1.26,
                                           1.31, 1.32, 1.33, 1.27, 0.93, 0.77, 0.56, 0.34,
                                           0.01, 0.00, 0.34, 0.59, 0.99, 1.26, 9.00, 1.28};

// integral over hour h = 3600 * weight(h), exactly; never negative; equal at both ends of the day.
TEST(DayCurve, KeepsEveryHoursMeanAndIsNeverNegative) {
  const DayCurve curve(kHours);
  for (std::size_t hour = 0; hour < 24; ++hour) {
    const double from = 3600.0 * static_cast<double>(hour);
    EXPECT_NEAR(curve.integral(from, from + 3600.0), 3600.0 * kHours[hour], 1e-7);
  }
  for (int minute = -1440; minute < 2880; ++minute) {
    EXPECT_GE(curve.at(60.0 * minute), -1e-12);
    EXPECT_NEAR(curve.at(60.0 * minute), curve.at(60.0 * (minute + 1440)), 1e-9);
  }
}

// |at(t + 1 s) - at(t)| <= steepest slope * 1 s: no jumps.
TEST(DayCurve, IsContinuous) {
  const DayCurve curve(kHours);
  for (int second = -10; second < 86400; ++second) {
    EXPECT_LT(std::fabs(curve.at(second + 1) - curve.at(second)), 0.02);
  }
}

TEST(DayCurve, IntegralOverDaysAndBackwards) {
  const DayCurve curve(kHours);
  const double day = curve.integral(0.0, 86400.0);
  EXPECT_NEAR(day, 86400.0 * curve.mean(), 1e-6);
  EXPECT_NEAR(curve.integral(-86400.0, 86400.0), 2.0 * day, 1e-6);
  EXPECT_NEAR(curve.integral(-1800.0, 1800.0),
              curve.integral(84600.0, 86400.0) + curve.integral(0.0, 1800.0), 1e-6);
}

// served = kernel * births (periodic); from served and kernel the births come back within 1 %.
TEST(DeconvolveBirths, RecoversAKnownBirthCurve) {
  std::vector<double> births(kDayBins);
  std::vector<double> kernel(kDayBins, 0.0);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    const double phase = 2.0 * 3.14159265358979 * static_cast<double>(i) / kDayBins;
    births[i] = 100.0 + 60.0 * std::sin(phase) + 15.0 * std::cos(3.0 * phase);
    kernel[i] = 0.15 / 36.0 * std::exp(-static_cast<double>(i) / 36.0);  // long returns
  }
  kernel[0] += 0.6;
  kernel[1] += 0.25;
  std::vector<double> served(kDayBins, 0.0);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    for (std::size_t lag = 0; lag < kDayBins; ++lag) {
      served[(i + lag) % kDayBins] += kernel[lag] * births[i];
    }
  }
  const std::vector<double> found = deconvolve_births(served, kernel);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    EXPECT_NEAR(found[i] / births[i], 1.0, 0.01) << i;
  }
}

// When nothing is to be served in an hour that long returns reach, births there go to 0 and stay
// finite.
TEST(DeconvolveBirths, ClampsAtZero) {
  std::vector<double> served(kDayBins, 1.0);
  std::fill(served.begin() + 100, served.begin() + 150, 0.0);
  std::vector<double> kernel(kDayBins, 0.2 / kDayBins);
  kernel[0] += 0.8;
  const std::vector<double> found = deconvolve_births(served, kernel);
  for (std::size_t i = 0; i < kDayBins; ++i) {
    EXPECT_GE(found[i], 0.0);
    EXPECT_LT(found[i], 3.0);
  }
  EXPECT_EQ(found[120], 0.0);
}

// Births of an hour are Poisson with mean per_day * weight / 24; sd = sqrt(mean); 5 sd allowed.
TEST(BirthStream, FollowsTheCurve) {
  const DayCurve curve(kHours);
  constexpr double kPerDay = 240000.0;
  const base::TimePoint from = base::kWindowStart - std::chrono::minutes(30);
  const base::TimePoint until = base::kWindowStart + std::chrono::hours(24);
  BirthStream births(curve, kPerDay, from, until, base::Stream(base::StreamFamily(1, "test"), 0));
  std::array<double, 24> counts{};
  double before = 0.0;
  base::TimePoint last = from;
  for (auto time = births.next(); time; time = births.next()) {
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
  EXPECT_FALSE(births.next().has_value());
}

// Variance of counts per minute / mean = 1 for a Poisson process (1,440 minutes: sd 0.037).
TEST(BirthStream, IsAPoissonProcess) {
  const std::array<double, 1> flat = {1.0};
  const DayCurve curve(flat);
  BirthStream births(curve, 144000.0, base::kWindowStart,
                     base::kWindowStart + std::chrono::hours(24),
                     base::Stream(base::StreamFamily(2, "test"), 0));
  std::array<double, 1440> counts{};
  for (auto time = births.next(); time; time = births.next()) {
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

TEST(BirthStream, WithoutARateThereAreNoBirths) {
  const DayCurve curve(kHours);
  BirthStream births(curve, 0.0, base::kWindowStart, base::kWindowStart + std::chrono::hours(24),
                     base::Stream(base::StreamFamily(1, "test"), 0));
  EXPECT_FALSE(births.next().has_value());
}

std::string hourly_csv(int hours, const std::string& third = "30483") {
  std::string text = "hour_utc8,theoretical_income_usd\n";
  for (int hour = 0; hour < hours; ++hour) {
    text += std::to_string(hour) + ":00," + (hour == 2 ? third : "1000") + "\n";
  }
  return text;
}

TEST(HourlyShape, IsScaledToMeanOne) {
  const TemporaryFile file(hourly_csv(24, "2000"));
  const auto shape = read_hourly_shape(file.path());
  EXPECT_DOUBLE_EQ(shape[2], 2000.0 * 24.0 / 25000.0);
  EXPECT_DOUBLE_EQ(shape[0], 1000.0 * 24.0 / 25000.0);
  EXPECT_EQ(read_hourly_shape("flat")[5], 1.0);
}

std::string shape_error(const std::string& content) {
  const TemporaryFile file(content);
  try {
    (void)read_hourly_shape(file.path());
  } catch (const base::InputError& error) {
    std::string text = error.what();
    return text.substr(text.find(file.path()) + file.path().size());
  }
  return "no error";
}

TEST(HourlyShape, RefusesWhatIsNotADay) {
  EXPECT_THAT(shape_error(hourly_csv(23)), testing::HasSubstr("only 23 hours"));
  EXPECT_THAT(shape_error(hourly_csv(25)), testing::HasSubstr("a 25th hour"));
  EXPECT_THAT(shape_error(hourly_csv(24, "-3")), testing::HasSubstr(":4:6"));
  EXPECT_THAT(shape_error(hourly_csv(24, "nan")), testing::HasSubstr("'nan' is not"));
  EXPECT_THAT(shape_error("hour,usd\n"), testing::HasSubstr("theoretical_income_usd is missing"));
  EXPECT_THROW((void)read_hourly_shape("no/such/file.csv"), base::InputError);
}

}  // namespace
}  // namespace epfleet::workload
