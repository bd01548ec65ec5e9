#include "epfleet/engine/engine.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::engine {
namespace {

// std heaps keep the largest on top: `later` makes the earliest event the top.
struct Later {
  bool operator()(const Event& a, const Event& b) const {
    if (a.time != b.time) {
      return a.time > b.time;
    }
    if (a.phase != b.phase) {
      return a.phase > b.phase;
    }
    return a.sequence > b.sequence;
  }
};

bool runs_before(base::TimePoint time, Phase phase, base::TimePoint until) {
  return time < until || (time == until && phase == Phase::Sample);
}

}  // namespace

EventId Engine::at(base::TimePoint time, Phase phase, EventKind kind, std::uint32_t target) {
  EPFLEET_CHECK(time > now_ || (time == now_ && phase >= phase_),
                "an event is not scheduled in the past");
  const EventId id{next_sequence_++};
  queue_.push_back({time, id.sequence, target, phase, kind});
  std::push_heap(queue_.begin(), queue_.end(), Later{});
  return id;
}

void Engine::cancel(EventId id) {
  const bool fresh = marked_.insert(id.sequence).second;
  EPFLEET_CHECK(fresh && id.sequence < next_sequence_, "an event is cancelled once");
  ++cancelled_;
}

void Engine::drop_cancelled_head() {
  while (!marked_.empty() && !queue_.empty() && marked_.erase(queue_.front().sequence) == 1) {
    std::pop_heap(queue_.begin(), queue_.end(), Later{});
    queue_.pop_back();
  }
}

void Engine::execute(Handler& handler) {
  std::pop_heap(queue_.begin(), queue_.end(), Later{});
  const Event event = queue_.back();
  queue_.pop_back();
  begin(event);
  handler.handle(event);
}

void Engine::begin(const Event& event) {
  now_ = event.time;
  phase_ = event.phase;
  ++executed_;
  if (phase_ != Phase::Sample) {  // whoever looks changes nothing
    mix(static_cast<std::uint64_t>(event.time.time_since_epoch().count()));
    mix((static_cast<std::uint64_t>(event.phase) << 40U) |
        (static_cast<std::uint64_t>(event.kind) << 32U) | event.target);
  }
  if (trace_) {
    trace_(event);
  }
}

bool Engine::pass_to(base::TimePoint time, Phase phase, EventKind kind, std::uint32_t target) {
  EPFLEET_CHECK(time > now_ || (time == now_ && phase >= phase_),
                "an event is not scheduled in the past");
  const bool first = queue_.empty() || time < queue_.front().time ||
                     (time == queue_.front().time && phase < queue_.front().phase);
  if (!first || !runs_before(time, phase, until_) || executed_ % kStopCheckEvery == 0 ||
      stopping_) {
    return false;
  }
  begin({time, next_sequence_++, target, phase, kind});
  return true;
}

RunEnd Engine::run(Handler& handler, base::TimePoint until, const std::atomic<bool>* stop) {
  until_ = until;
  for (;;) {
    drop_cancelled_head();
    if (queue_.empty()) {
      return RunEnd::Exhausted;
    }
    if (!runs_before(queue_.front().time, queue_.front().phase, until_)) {
      now_ = until_;
      phase_ = Phase::Sample;
      return RunEnd::Reached;
    }
    if (stopping_) {
      return RunEnd::Stopped;
    }
    if (stop != nullptr && executed_ % kStopCheckEvery == 0 &&
        stop->load(std::memory_order_relaxed)) {
      return RunEnd::Stopped;
    }
    execute(handler);
  }
}

}  // namespace epfleet::engine
