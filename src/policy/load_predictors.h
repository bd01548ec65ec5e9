// What a rate will be a while ahead, from what it was at even intervals.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "epfleet/base/time.h"
#include "epfleet/policy/scaling_config.h"

namespace epfleet::policy {

class LoadPredictor {
 public:
  virtual ~LoadPredictor() = default;
  virtual void observe(double value) = 0;
  // `steps` >= 0 intervals after the last observation. REQUIRES: one was made. Never negative.
  [[nodiscard]] virtual double predict(double steps) const = 0;
};

// Level and trend, each smoothed exponentially (Holt); with no trend smoothing: the level.
class HoltTrend : public LoadPredictor {
 public:
  HoltTrend(double smoothing, double trend_smoothing)
      : smoothing_(smoothing), trend_smoothing_(trend_smoothing) {}
  void observe(double value) override;
  [[nodiscard]] double predict(double steps) const override;

 private:
  double smoothing_, trend_smoothing_;
  bool first_ = true;
  double level_ = 0.0, trend_ = 0.0;
};

// By name; `interval` is the time between observations.
[[nodiscard]] std::unique_ptr<LoadPredictor> make_predictor(Predictor predictor,
                                                            base::Duration interval);

}  // namespace epfleet::policy
