// When the requests of plain traffic arrive: a renewal process of mean 1 on the integral of the
// rate, so that its burstiness is that of the gaps at any rate.
// Modelled: equal gaps (the first is half a one), exponential gaps (Poisson), gamma gaps of a
//   stated coefficient of variation (shape 1 / cv^2, as in vLLM's and SGLang's --burstiness);
//   stages of even rates and straight ramps. Before the window the rate of its start holds, with
//   draws of its own; after the stages that of their end.
// Source: gamma draws by G. Marsaglia and W. W. Tsang, ACM TOMS 26 (2000), 363-372: exact.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/plain.h"

namespace epfleet::sessions {

// A gamma draw of mean 1. REQUIRES: cv > 0.
[[nodiscard]] double unit_gamma(double cv, base::Stream& stream);

class PlainArrivals {
 public:
  // `scale` multiplies the rate. REQUIRES: a rate or stages.
  PlainArrivals(const workload::PlainConfig& config, double scale, std::uint64_t seed,
                base::Duration warm_up);

  // Of the next request; none: the rate stays 0.
  [[nodiscard]] std::optional<base::TimePoint> front() const { return next_; }
  void pop();

  // The window that ends with its n-th request; none: there are not so many.
  [[nodiscard]] static std::optional<base::Duration> window_of(const workload::PlainConfig& config,
                                                               double scale, std::uint64_t seed,
                                                               std::int64_t requests);
  // Requests expected in the window's first part.
  [[nodiscard]] double expected(base::Duration part) const;

 private:
  struct Piece {
    double from_s, rate, slope, before;  // `before`: requests expected from 0 to its start
  };

  [[nodiscard]] double gap(std::uint64_t index);
  [[nodiscard]] std::optional<double> seconds_at(double mass) const;
  void place();

  workload::ArrivalProcess process_;
  double cv_;
  base::StreamFamily warm_gaps_, gaps_;
  double warm_rate_, warm_up_s_;
  base::TimePoint start_;
  std::vector<Piece> pieces_;  // the last goes on, at an even rate
  bool warm_;
  std::uint64_t index_ = 0;
  double mass_;  // requests expected until the next one
  std::optional<base::TimePoint> next_;
};

}  // namespace epfleet::sessions
