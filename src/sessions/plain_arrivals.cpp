#include "epfleet/sessions/plain_arrivals.h"

#include <algorithm>
#include <cmath>

namespace epfleet::sessions {
namespace {

using workload::ArrivalProcess;
using workload::PlainConfig;

// Of shape k >= 1 and scale 1: accepts 96 % of its tries or more.
double gamma_of_shape(double k, base::Stream& stream) {
  const double d = k - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = stream.normal();
    const double u = stream.uniform();
    const double root = 1.0 + c * x;
    const double v = root * root * root;
    if (root > 0.0 && base::real_log(u) < 0.5 * x * x + d - d * v + d * base::real_log(v)) {
      return d * v;
    }
  }
}

// Equal gaps begin with half a one: N of them fill N / rate.
double first_mass(ArrivalProcess process) {
  return process == ArrivalProcess::Constant ? -0.5 : 0.0;
}

}  // namespace

double unit_gamma(double cv, base::Stream& stream) {
  const double k = 1.0 / (cv * cv);
  // Below 1: one more, times U^(1/k).
  const double drawn = k >= 1.0 ? gamma_of_shape(k, stream)
                                : gamma_of_shape(k + 1.0, stream) *
                                      base::real_exp(base::real_log(stream.uniform()) / k);
  return drawn / k;
}

PlainArrivals::PlainArrivals(const PlainConfig& config, double scale, std::uint64_t seed,
                             base::Duration warm_up)
    : process_(config.process),
      cv_(config.cv),
      warm_gaps_(seed, "workload.plain.warm"),
      gaps_(seed, "workload.plain.gap"),
      warm_up_s_(base::to_seconds(warm_up)),
      start_(base::kWindowStart - warm_up),
      warm_(warm_up > base::Duration{}),
      mass_(first_mass(config.process)) {
  if (process_ == ArrivalProcess::Gamma && cv_ == 1.0) {
    process_ = ArrivalProcess::Poisson;  // the same law: the same draws
  }
  double rate = scale * config.total_rate().value_or(0.0);
  double at_s = 0.0, before = 0.0;
  for (const workload::StageConfig& stage : config.stages) {
    rate = stage.rate ? scale * *stage.rate : rate;
    const double end = stage.to ? scale * *stage.to : rate;
    const double length_s = base::to_seconds(stage.length);
    pieces_.push_back({at_s, rate, (end - rate) / length_s, before});
    before += 0.5 * (rate + end) * length_s;
    at_s += length_s;
    rate = end;
  }
  pieces_.push_back({at_s, rate, 0.0, before});
  warm_rate_ = pieces_.front().rate;
  place();
}

void PlainArrivals::pop() { place(); }

double PlainArrivals::gap(std::uint64_t index) {
  if (process_ == ArrivalProcess::Constant) {
    return 1.0;
  }
  base::Stream stream(warm_ ? warm_gaps_ : gaps_, index);
  return process_ == ArrivalProcess::Poisson ? stream.exponential() : unit_gamma(cv_, stream);
}

void PlainArrivals::place() {
  mass_ += gap(index_++);
  if (warm_) {
    const double at_s = warm_rate_ > 0.0 ? mass_ / warm_rate_ : warm_up_s_;
    if (at_s < warm_up_s_) {
      next_ = start_ + base::duration_from_seconds(at_s);
      if (*next_ < base::kWindowStart) {
        return;
      }
    }
    warm_ = false;  // the window's own begin
    index_ = 0;
    mass_ = first_mass(process_) + gap(index_++);
  }
  const auto at_s = seconds_at(mass_);
  next_ =
      at_s ? std::optional(base::kWindowStart + base::duration_from_seconds(*at_s)) : std::nullopt;
}

// When so many are expected. Of a ramp: rate t + slope t^2 / 2 = m, in the form that stays exact
// for a small slope.
std::optional<double> PlainArrivals::seconds_at(double mass) const {
  const auto after = std::ranges::upper_bound(pieces_, mass, {}, &Piece::before);
  const Piece& piece = *std::prev(after);
  const double m = mass - piece.before;
  if (piece.slope == 0.0) {
    return piece.rate > 0.0 ? std::optional(piece.from_s + m / piece.rate) : std::nullopt;
  }
  const double root = std::sqrt(std::max(piece.rate * piece.rate + 2.0 * piece.slope * m, 0.0));
  return piece.from_s + (m > 0.0 ? 2.0 * m / (piece.rate + root) : 0.0);
}

double PlainArrivals::expected(base::Duration part) const {
  const double part_s = base::to_seconds(part);
  const auto after = std::ranges::upper_bound(pieces_, part_s, {}, &Piece::from_s);
  const Piece& piece = *std::prev(after);
  const double t = part_s - piece.from_s;
  return piece.before + t * (piece.rate + 0.5 * piece.slope * t);
}

std::optional<base::Duration> PlainArrivals::window_of(const PlainConfig& config, double scale,
                                                       std::uint64_t seed, std::int64_t requests) {
  PlainArrivals arrivals(config, scale, seed, {});
  for (std::int64_t i = 1; i < requests && arrivals.front(); ++i) {
    arrivals.pop();
  }
  if (!arrivals.front()) {
    return std::nullopt;
  }
  const base::Duration last = *arrivals.front() - base::kWindowStart;
  if (config.process != ArrivalProcess::Constant) {
    return last + base::Duration(1);
  }
  const auto end_s = arrivals.seconds_at(arrivals.mass_ + 0.5);  // the other half of its gap
  return end_s ? std::max(base::duration_from_seconds(*end_s), last + base::Duration(1))
               : last + base::Duration(1);
}

}  // namespace epfleet::sessions
