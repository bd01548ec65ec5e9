#include "epfleet/traces/trace_pace.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace epfleet::traces {
namespace {

constexpr double kHour = 3600.0;

class RecordedPace final : public TracePace {
 public:
  RecordedPace(base::TimePoint start, double factor) : start_(start), factor_(factor) {}

  std::optional<base::TimePoint> arrival(base::Duration own_time) override {
    if (factor_ == 1.0) {
      return start_ + own_time;
    }
    const double ns = std::floor(static_cast<double>(own_time.count()) * factor_);
    constexpr double kMostNs = 9.0e18;
    return start_ + base::Duration(static_cast<std::int64_t>(std::min(ns, kMostNs)));
  }

 private:
  base::TimePoint start_;
  double factor_;
};

// Straight pieces of the shape within one hour.
class HourOfShape {
 public:
  void set(const workload::DayCurve& shape, double from_s, double to_s) {
    pieces_.clear();
    double done = 0.0;
    double at = from_s;
    while (at < to_s) {
      const double piece = shape.piece_seconds();
      const double end = std::min(to_s, (std::floor(at / piece) + 1.0) * piece);
      pieces_.push_back({at, end - at, shape.at(at), shape.at(end), done});
      done += shape.integral(at, end);
      at = end;
    }
    whole_ = done;
  }

  // The time by which a share of the hour's requests has come.
  [[nodiscard]] double time_at(double share) const {
    const double wanted = share * whole_;
    auto piece = pieces_.end() - 1;
    while (piece != pieces_.begin() && piece->before > wanted) {
      --piece;
    }
    // a x + (b - a) x^2 / (2 L) = c, in the form that does not cancel
    const double c = wanted - piece->before;
    const double slope = (piece->b - piece->a) / piece->length;
    const double root = std::sqrt(std::max(0.0, piece->a * piece->a + 2.0 * slope * c));
    const double x = piece->a + root > 0.0 ? 2.0 * c / (piece->a + root) : 0.0;
    return piece->from + std::min(x, piece->length);
  }

 private:
  struct Piece {
    double from, length, a, b, before;
  };
  std::vector<Piece> pieces_;
  double whole_ = 0.0;
};

class ShapedPace final : public TracePace {
 public:
  ShapedPace(std::unique_ptr<TraceStream> scout, const workload::DayCurve& shape, double rate,
             base::TimePoint start, base::TimePoint end)
      : scout_(std::move(scout)),
        shape_(shape),
        rate_(rate),
        hour_end_(start),
        end_(end),
        latest_(start) {
    ahead_ = next_own_time();
  }

  std::optional<base::TimePoint> arrival(base::Duration own_time) override {
    while (left_ == 0) {
      if (hour_end_ >= end_) {
        return std::nullopt;
      }
      begin_hour();
    }
    --left_;
    const double share = own_span_ > base::Duration{}
                             ? static_cast<double>((own_time - own_from_).count()) /
                                   static_cast<double>(own_span_.count())
                             : 0.0;
    const auto ns = static_cast<std::int64_t>(std::floor(hour_.time_at(share) * 1e9));
    const base::TimePoint last = hour_end_ - base::Duration(1);
    latest_ = std::clamp(base::TimePoint(base::Duration(ns)), std::min(latest_, last), last);
    latest_ = std::max(latest_, hour_from_);
    return latest_;
  }

 private:
  // Requests from the window's start to t, as a whole number.
  [[nodiscard]] std::int64_t until(base::TimePoint t) const {
    const double s = base::to_seconds(t);
    const double integral = s >= 0.0 ? shape_.integral(0.0, s) : -shape_.integral(s, 0.0);
    return static_cast<std::int64_t>(std::floor(rate_ * integral + 0.5));
  }

  base::Duration next_own_time() {
    const TraceRecord* record = scout_->next();
    return record != nullptr ? record->time : ahead_;
  }

  void begin_hour() {
    hour_from_ = hour_end_;
    const double hours = std::floor(base::to_seconds(hour_from_) / kHour) + 1.0;
    hour_end_ =
        std::min(end_, base::TimePoint(std::chrono::hours(static_cast<std::int64_t>(hours))));
    left_ = until(hour_end_) - until(hour_from_);
    own_from_ = ahead_;
    for (std::int64_t i = 0; i < left_; ++i) {
      ahead_ = next_own_time();
    }
    own_span_ = ahead_ - own_from_;
    hour_.set(shape_, base::to_seconds(hour_from_), base::to_seconds(hour_end_));
  }

  std::unique_ptr<TraceStream> scout_;
  workload::DayCurve shape_;
  double rate_;
  base::TimePoint hour_from_, hour_end_, end_, latest_;
  std::int64_t left_ = 0;                   // requests of the present hour
  base::Duration own_from_{}, own_span_{};  // of the hour's requests, in the trace's time
  base::Duration ahead_{};                  // time of the record after the hour's last
  HourOfShape hour_;
};

}  // namespace

std::unique_ptr<TracePace> make_recorded_pace(base::TimePoint start, double stretch_factor) {
  return std::make_unique<RecordedPace>(start, stretch_factor);
}

std::unique_ptr<TracePace> make_shaped_pace(std::unique_ptr<TraceStream> scout,
                                            const workload::DayCurve& shape, double rate,
                                            base::TimePoint start, base::TimePoint end) {
  return std::make_unique<ShapedPace>(std::move(scout), shape, rate, start, end);
}

}  // namespace epfleet::traces
