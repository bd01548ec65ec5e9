#include "epfleet/sessions/start_stream.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/real_math.h"
#include "epfleet/sessions/quantile_table.h"

namespace epfleet::sessions {
namespace {

double exact_exponential(double u) { return -base::real_log(u); }

// The chords make the mean too large by 1e-5.
double unit_exponential(double u) {
  static const QuantileTable kTable(exact_exponential);
  return kTable.quantile(u, exact_exponential);
}

}  // namespace

StartStream::StartStream(const workload::DayCurve& curve, double per_day, base::TimePoint from,
                         base::TimePoint until, base::Stream stream)
    : curve_(&curve),
      scale_(per_day / (workload::kDaySeconds * curve.mean())),
      until_(until),
      stream_(stream),
      piece_ns_(static_cast<std::int64_t>(curve.piece_seconds()) * 1'000'000'000),
      over_(!(per_day > 0.0)) {
  const std::int64_t ns = from.time_since_epoch().count();
  const std::int64_t pieces_before = ns / piece_ns_ - (ns % piece_ns_ < 0 ? 1 : 0);  // floor
  const auto pieces = static_cast<std::int64_t>(curve.pieces());
  piece_start_ = base::TimePoint(base::Duration(pieces_before * piece_ns_));
  enter_piece(static_cast<std::size_t>(((pieces_before % pieces) + pieces) % pieces));
  within_s_ = base::to_seconds(from - piece_start_);
  rate_ += slope_ * within_s_;
  const double rest_s = curve.piece_seconds() - within_s_;
  left_ = rest_s * (rate_ + 0.5 * slope_ * rest_s);
}

void StartStream::enter_piece(std::size_t piece) {
  piece_ = piece;
  const double at_start = scale_ * curve_->knot(piece);
  const double at_end = scale_ * curve_->knot(piece + 1);
  within_s_ = 0.0;
  rate_ = at_start;
  slope_ = (at_end - at_start) / curve_->piece_seconds();
  left_ = 0.5 * (at_start + at_end) * curve_->piece_seconds();
}

std::optional<base::TimePoint> StartStream::next() {
  if (over_) {
    return std::nullopt;
  }
  double mass = unit_exponential(stream_.uniform());  // expected session starts until the next one
  while (mass >= left_) {
    mass -= left_;
    piece_start_ += base::Duration(piece_ns_);
    enter_piece((piece_ + 1) % curve_->pieces());
    if (piece_start_ >= until_) {
      over_ = true;
      return std::nullopt;
    }
  }
  // rate_ x + slope_ x^2 / 2 = mass, solved for the smaller x >= 0 without cancellation.
  const double root = std::sqrt(std::max(rate_ * rate_ + 2.0 * slope_ * mass, 0.0));
  within_s_ += 2.0 * mass / (rate_ + root);
  rate_ = root;
  left_ -= mass;
  const base::TimePoint time =
      piece_start_ +
      base::Duration(std::min(static_cast<std::int64_t>(within_s_ * 1e9), piece_ns_));
  over_ = time >= until_;
  return over_ ? std::nullopt : std::optional(time);
}

}  // namespace epfleet::sessions
