// The shape of the day.
#include "epfleet/workload/day_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "epfleet/base/error.h"
#include "support/temporary_file.h"

namespace epfleet::workload {
namespace {

// A day like the published one: high plateaus, a deep trough, and two extremes to try the clamp.
constexpr std::array<double, 24> kHours = {1.15, 1.22, 1.30, 1.32, 1.30, 1.19, 1.14, 1.26,
                                           1.31, 1.32, 1.33, 1.27, 0.93, 0.77, 0.56, 0.34,
                                           0.01, 0.00, 0.34, 0.59, 0.99, 1.26, 9.00, 1.28};

// Within a straight piece the mean is the rate in the middle: second by second, the rates sum to
// the integral, from any second to any other.
TEST(DayCurve, IntegralIsTheSumOfItsRates) {
  std::vector<double> means;
  for (int hour = 0; hour < 24; ++hour) {
    means.push_back(5.0 + hour * 7 % 11);
  }
  const DayCurve curve(means);
  for (const auto& [from, to] :
       {std::pair(0, 100), std::pair(1'000, 4'321), std::pair(0, 86'400)}) {
    double sum = 0.0;
    for (int second = from; second < to; ++second) {
      sum += curve.at(second + 0.5);
    }
    EXPECT_NEAR(curve.integral(from, to), sum, 1e-9 * sum) << from;
  }
}

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

std::string hourly_csv(int hours, const std::string& third = "30483") {
  std::string text = "hour_utc8,theoretical_income_usd\n";
  for (int hour = 0; hour < hours; ++hour) {
    text += std::to_string(hour) + ":00," + (hour == 2 ? third : "1000") + "\n";
  }
  return text;
}

TEST(HourlyShape, IsScaledToMeanOne) {
  const test::TemporaryFile file(hourly_csv(24, "2000"));
  const auto shape = read_hourly_shape(file.path());
  EXPECT_DOUBLE_EQ(shape[2], 2000.0 * 24.0 / 25000.0);
  EXPECT_DOUBLE_EQ(shape[0], 1000.0 * 24.0 / 25000.0);
  EXPECT_EQ(read_hourly_shape("flat")[5], 1.0);
}

std::string shape_error(const std::string& content) {
  const test::TemporaryFile file(content);
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
  EXPECT_THAT(shape_error("hour,usd\n"), testing::HasSubstr("only 0 hours"));
  EXPECT_THAT(shape_error("hour,in,out\n"),
              testing::HasSubstr("which of the columns hour, in, out has the weights"));
  EXPECT_THROW((void)read_hourly_shape("no/such/file.csv"), base::InputError);
}

}  // namespace
}  // namespace epfleet::workload
