#include "epfleet/engine/engine.h"

#include <algorithm>

namespace epfleet::engine {
namespace {

// Phase, then sequence, which stays below 2^56.
std::uint64_t order_of(const Event& event) {
  return static_cast<std::uint64_t>(event.phase) << 56U | event.sequence;
}

// std heaps keep the largest on top: `later` makes the earliest event the top.
struct Later {
  bool operator()(const Event& a, const Event& b) const {
    return a.time != b.time ? a.time > b.time : order_of(a) > order_of(b);
  }
};

}  // namespace

EventId Engine::at(base::TimePoint time, Phase phase, EventKind kind, std::uint32_t target) {
  check_not_past(time, phase);
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
