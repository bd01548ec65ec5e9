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
  const Event event{time, next_sequence_++, target, phase, kind};
  if (executing_first_) {
    put_first(event);
  } else {
    queue_.push_back(event);
    std::push_heap(queue_.begin(), queue_.end(), Later{});
  }
  return {event.sequence};
}

// In place of the first, whose order does not matter any more.
void Engine::put_first(const Event& event) {
  executing_first_ = false;
  const std::size_t size = queue_.size();
  std::size_t at = 0;
  for (std::size_t child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && Later{}(queue_[child], queue_[child + 1])) {
      ++child;
    }
    if (!Later{}(event, queue_[child])) {
      break;
    }
    queue_[at] = queue_[child];
    at = child;
  }
  queue_[at] = event;
}

void Engine::drop_first() {
  executing_first_ = false;
  std::pop_heap(queue_.begin(), queue_.end(), Later{});
  queue_.pop_back();
}

void Engine::cancel(EventId id) {
  const bool fresh = marked_.insert(id.sequence).second;
  EPFLEET_CHECK(fresh && id.sequence < next_sequence_, "an event is cancelled once");
  ++cancelled_;
}

void Engine::drop_cancelled_head() {
  while (!marked_.empty() && !queue_.empty() && marked_.erase(queue_.front().sequence) == 1) {
    drop_first();
  }
}

void Engine::execute(Handler& handler) {
  const Event event = queue_.front();
  executing_first_ = true;
  begin(event);
  handler.handle(event);
  drop_executed();
}

RunEnd Engine::run(Handler& handler, base::TimePoint until, const std::atomic<bool>* stop) {
  until_ = until;
  drop_executed();  // if a handler threw
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
