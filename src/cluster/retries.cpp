#include "epfleet/cluster/retries.h"

namespace epfleet::cluster {
namespace {

constexpr double kMostJitter = 0.25;  // of the wait, which it shortens: openai-python

}  // namespace

Retries::Retries(FleetState& fleet)
    : fleet_(fleet), jitter_(fleet.spec.seed, "admission.retries.back_off") {}

bool Retries::back_off(const serving::LiveRequest& live, const workload::StoredExtent& own) {
  const AdmissionConfig::Retries& config = fleet_.spec.admission.retries;
  if (live.path.attempt >= config.limit) {
    return false;
  }
  Attempt next{live.repeated(), own, static_cast<std::uint8_t>(live.path.attempt + 1),
               live.path.window_client};
  base::Stream draw(jitter_, next.request.id.value(), next.number);
  const double doubled_s =
      base::to_seconds(config.back_off) * static_cast<double>(std::int64_t{1} << live.path.attempt);
  next.request.arrival =
      fleet_.now() + base::duration_from_seconds(doubled_s * (1.0 - kMostJitter * draw.uniform()));
  waiting_.push(next);
  set_alarm();
  return true;
}

void Retries::set_alarm() {
  const base::TimePoint next =
      waiting_.empty() ? base::TimePoint::max() : waiting_.top().request.arrival;
  if (next >= alarm_) {
    return;
  }
  if (alarm_ != base::TimePoint::max()) {
    fleet_.engine.cancel(event_);
  }
  alarm_ = next;
  event_ = fleet_.schedule(next, engine::Phase::Arrival, Kind::Retry);
}

std::optional<Retries::Attempt> Retries::take() {
  if (waiting_.empty() || waiting_.top().request.arrival > fleet_.now()) {
    alarm_ = base::TimePoint::max();
    set_alarm();
    return std::nullopt;
  }
  const Attempt attempt = waiting_.top();
  waiting_.pop();
  return attempt;
}

}  // namespace epfleet::cluster
