// Predictors on series whose future is known.
#include "../../../src/policy/load_predictors.h"

#include <gtest/gtest.h>

namespace epfleet::policy {
namespace {

double predicted(LoadPredictor& predictor, const std::vector<double>& seen, double steps) {
  for (const double value : seen) {
    predictor.observe(value);
  }
  return predictor.predict(steps);
}

std::vector<double> line(int points) {
  std::vector<double> values;
  for (int i = 0; i < points; ++i) {
    values.push_back(100.0 + 10.0 * i);
  }
  return values;
}

TEST(LoadPredictors, OfALine) {
  const base::Duration minute = std::chrono::minutes(1);
  const auto of = [&](Predictor name) {
    return predicted(*make_predictor(name, minute), line(60), 5.0);
  };
  EXPECT_DOUBLE_EQ(of(Predictor::Constant), 690.0);
  EXPECT_DOUBLE_EQ(of(Predictor::Seasonal), 690.0);  // no day before yet
  EXPECT_NEAR(of(Predictor::HoltWinters), 740.0, 1.0);
  EXPECT_NEAR(of(Predictor::Kalman), 740.0, 1.0);
}

TEST(LoadPredictors, SeasonalIsTheSameTimeADayBefore) {
  const base::Duration hours = std::chrono::hours(1);
  std::vector<double> seen;
  for (int hour = 0; hour < 30; ++hour) {
    seen.push_back(hour);
  }
  EXPECT_DOUBLE_EQ(predicted(*make_predictor(Predictor::Seasonal, hours), seen, 2.0), 7.0);
}

TEST(LoadPredictors, NothingGoesBelowZero) {
  HoltTrend holt(0.5, 0.5);
  EXPECT_EQ(predicted(holt, {100.0, 50.0, 10.0, 0.0}, 20.0), 0.0);
}

TEST(LoadPredictors, WithoutTrendSmoothingItIsTheLevel) {
  HoltTrend holt(1.0, 0.0);
  EXPECT_DOUBLE_EQ(predicted(holt, line(10), 50.0), 190.0);
}

}  // namespace
}  // namespace epfleet::policy
