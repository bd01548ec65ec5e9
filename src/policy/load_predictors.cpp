// Source: Dynamo planner (names, Kalman's q_level 1, q_trend 0.1, r 10 and 5 points at least);
// Holt 1957.
// Left out: the season of Holt-Winters (`seasonal` is one alone); arima and prophet.
#include "load_predictors.h"

#include <algorithm>
#include <cmath>

namespace epfleet::policy {
namespace {

constexpr base::Duration kSeason = std::chrono::hours(24);

class Constant : public LoadPredictor {
 public:
  void observe(double value) override { last_ = value; }
  [[nodiscard]] double predict(double /*steps*/) const override { return last_; }

 private:
  double last_ = 0.0;
};

// What it was a day before; before there is one, the last.
class Seasonal : public LoadPredictor {
 public:
  explicit Seasonal(base::Duration interval)
      : season_(std::max<std::int64_t>(kSeason / interval, 1)) {}
  void observe(double value) override {
    values_.push_back(value);
    if (std::ssize(values_) > season_) {
      values_.pop_front();
    }
  }
  [[nodiscard]] double predict(double steps) const override {
    const auto ahead = static_cast<std::int64_t>(steps);
    // The last is at size - 1; a day before `ahead` after it:
    const std::int64_t at = std::ssize(values_) - 1 + ahead - season_;
    return at >= 0 && at < std::ssize(values_) ? values_[static_cast<std::size_t>(at)]
                                               : values_.back();
  }

 private:
  std::int64_t season_;
  std::deque<double> values_;
};

// A local linear trend: the filter's gain follows from the variances.
class Kalman : public LoadPredictor {
 public:
  void observe(double value) override {
    if (points_++ == 0) {
      level_ = value;
      return;
    }
    // predict
    level_ += trend_;
    p_level_ += 2.0 * p_cross_ + p_trend_ + kLevelNoise;
    p_cross_ += p_trend_;
    p_trend_ += kTrendNoise;
    // correct
    const double innovation = value - level_;
    const double spread = p_level_ + kObservationNoise;
    const double level_gain = p_level_ / spread, trend_gain = p_cross_ / spread;
    level_ += level_gain * innovation;
    trend_ += trend_gain * innovation;
    p_trend_ -= trend_gain * p_cross_;
    p_cross_ *= 1.0 - level_gain;
    p_level_ *= 1.0 - level_gain;
    last_ = value;
  }
  [[nodiscard]] double predict(double steps) const override {
    constexpr int kPoints = 5;
    return points_ < kPoints ? std::max(0.0, points_ == 1 ? level_ : last_)
                             : std::max(0.0, level_ + trend_ * steps);
  }

 private:
  static constexpr double kLevelNoise = 1.0, kTrendNoise = 0.1, kObservationNoise = 10.0;

  int points_ = 0;
  double level_ = 0.0, trend_ = 0.0, last_ = 0.0;
  double p_level_ = kObservationNoise, p_cross_ = 0.0, p_trend_ = kObservationNoise;
};

}  // namespace

void HoltTrend::observe(double value) {
  if (first_) {
    first_ = false;
    level_ = value;
    return;
  }
  const double before = level_;
  level_ = smoothing_ * value + (1.0 - smoothing_) * (level_ + trend_);
  trend_ = trend_smoothing_ * (level_ - before) + (1.0 - trend_smoothing_) * trend_;
}

double HoltTrend::predict(double steps) const { return std::max(0.0, level_ + trend_ * steps); }

std::unique_ptr<LoadPredictor> make_predictor(Predictor predictor, base::Duration interval) {
  // A guess: a look counts half, and a change of trend shows within ten.
  constexpr double kSmoothing = 0.5, kTrendSmoothing = 0.3;
  switch (predictor) {
    case Predictor::Seasonal:
      return std::make_unique<Seasonal>(interval);
    case Predictor::HoltWinters:
      return std::make_unique<HoltTrend>(kSmoothing, kTrendSmoothing);
    case Predictor::Kalman:
      return std::make_unique<Kalman>();
    case Predictor::Constant:
      break;
  }
  return std::make_unique<Constant>();
}

}  // namespace epfleet::policy
