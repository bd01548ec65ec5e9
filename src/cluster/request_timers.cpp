#include "epfleet/cluster/request_timers.h"

#include <algorithm>

namespace epfleet::cluster {

using observe::Ending;
using serving::LiveRequest;
using serving::RequestSlot;
using serving::Stage;

RequestTimers::RequestTimers(FleetState& fleet, RequestEndings& endings)
    : fleet_(fleet),
      endings_(endings),
      config_(fleet.spec.admission),
      watch_any_(config_.start_deadline || config_.total_deadline || config_.patience),
      patience_(fleet.spec.seed, "admission.patience") {}

void RequestTimers::watch(RequestSlot slot) {
  const LiveRequest& live = fleet_.requests[slot];
  const Watched who{live.request.arrival, slot};
  base::TimePoint first = base::TimePoint::max();
  if (config_.start_deadline) {
    unstarted_.push_back(who);
    first = who.arrival + *config_.start_deadline;
  }
  if (config_.total_deadline) {
    unfinished_.push_back(who);
    first = std::min(first, who.arrival + *config_.total_deadline);
  }
  if (config_.patience) {
    base::Stream draw(patience_, live.request.id.value(), live.path.attempt);
    const base::TimePoint at =
        who.arrival +
        base::duration_from_seconds(base::to_seconds(*config_.patience) * draw.exponential());
    others_.push({at, who, Ending::GaveUp, false});
    first = std::min(first, at);
  }
  if (first < alarm_) {
    set_alarm(first);
  }
}

void RequestTimers::set_alarm(base::TimePoint at) {
  if (alarm_ != base::TimePoint::max()) {
    fleet_.engine.cancel(event_);
  }
  alarm_ = at;
  if (at != base::TimePoint::max()) {
    event_ = fleet_.schedule(at, engine::Phase::Completion, Kind::RequestTimer);
  }
}

void RequestTimers::ring() {
  alarm_ = base::TimePoint::max();
  end_due();
  endings_.announce();
  set_alarm(next());
}

void RequestTimers::end_due() {
  const base::TimePoint now = fleet_.now();
  while (!unstarted_.empty() && unstarted_.front().arrival + *config_.start_deadline <= now) {
    const Watched who = unstarted_.front();
    unstarted_.pop_front();
    if (still_waits(who)) {
      end({now, who, Ending::StartedTooLate, true});
    }
  }
  while (!unfinished_.empty() && unfinished_.front().arrival + *config_.total_deadline <= now) {
    const Watched who = unfinished_.front();
    unfinished_.pop_front();
    if (in_service(who)) {
      end({now, who, Ending::TookTooLong, true});
    }
  }
  // One in a step that ends now comes again, behind that step's end.
  std::vector<Due> due;
  for (; !others_.empty() && others_.top().at <= now; others_.pop()) {
    due.push_back(others_.top());
  }
  for (const Due& one : due) {
    if (holds(one)) {
      end(one);
    }
  }
}

// When the next one is due that may still hold; those before it are dropped.
base::TimePoint RequestTimers::next() {
  base::TimePoint first = base::TimePoint::max();
  while (!unstarted_.empty() && !still_waits(unstarted_.front())) {
    unstarted_.pop_front();
  }
  if (!unstarted_.empty()) {
    first = unstarted_.front().arrival + *config_.start_deadline;
  }
  while (!unfinished_.empty() && !in_service(unfinished_.front())) {
    unfinished_.pop_front();
  }
  if (!unfinished_.empty()) {
    first = std::min(first, unfinished_.front().arrival + *config_.total_deadline);
  }
  while (!others_.empty() && !holds(others_.top())) {
    others_.pop();
  }
  return others_.empty() ? first : std::min(first, others_.top().at);
}

bool RequestTimers::in_service(const Watched& who) const {
  const LiveRequest& live = fleet_.requests[who.slot];
  return live.stage != Stage::Free && live.request.arrival == who.arrival;
}

bool RequestTimers::still_waits(const Watched& who) const {
  const LiveRequest& live = fleet_.requests[who.slot];
  return in_service(who) && !live.path.prefill_started && !live.path.has_first_token;
}

bool RequestTimers::holds(const Due& due) const {
  return in_service(due.who) &&
         (due.decided || !fleet_.requests[due.who.slot].path.has_first_token);
}

void RequestTimers::end(const Due& due) {
  const LiveRequest& live = fleet_.requests[due.who.slot];
  if (const auto step_end = running_step_end(live)) {
    others_.push({*step_end, due.who, due.ending, true});
    return;
  }
  take_out(due.who.slot);
  endings_.end(due.who.slot, due.ending);
}

std::optional<base::TimePoint> RequestTimers::running_step_end(const LiveRequest& live) const {
  if (live.stage == Stage::Prefilling && fleet_.prefill[live.prefill_unit].unit.stepping()) {
    return fleet_.prefill[live.prefill_unit].unit.last_step().end;
  }
  if (live.stage == Stage::Decoding && fleet_.decode[live.decode_unit].unit.stepping()) {
    return fleet_.decode[live.decode_unit].unit.last_step().end;
  }
  return std::nullopt;
}

// The room that it leaves may let others start.
void RequestTimers::take_out(RequestSlot slot) {
  const LiveRequest& live = fleet_.requests[slot];
  if (std::erase(fleet_.homeless.prompts, slot) + std::erase(fleet_.homeless.with_kv, slot) > 0) {
    return;  // it waited for a unit to serve
  }
  const auto from = [&](auto& pool, std::uint32_t unit) {
    pool[unit].unit.remove(slot);
    pool.refresh_load(unit);
    pool.wake(unit, fleet_.now());
  };
  if (live.stage == Stage::Queued || live.stage == Stage::Prefilling) {
    from(fleet_.prefill, live.prefill_unit);
  } else {
    from(fleet_.decode, live.decode_unit);
  }
}

}  // namespace epfleet::cluster
