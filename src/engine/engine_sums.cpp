// What only those ask who look at every event: --trace-events, --check-sums.
#include <algorithm>
#include <tuple>

#include "epfleet/engine/engine.h"

namespace epfleet::engine {

void Engine::trace_to(std::function<void(const Event&)> sink) {
  if (!trace_) {
    trace_ = std::move(sink);
    return;
  }
  trace_ = [first = std::move(trace_), second = std::move(sink)](const Event& event) {
    first(event);
    second(event);
  };
}

std::vector<Event> Engine::events_left() const {
  std::vector<Event> left(queue_.begin() + (executing_first_ ? 1 : 0), queue_.end());
  std::erase_if(left, [&](const Event& event) { return marked_.contains(event.sequence); });
  return left;
}

void Engine::check_sums(base::SumCheck& check) const {
  const auto place = check.at("event queue");
  const std::size_t left = events_left().size();
  check.equal("number of events left", this->left(), left);
  check.equal("number of events scheduled", scheduled(), executed_ + cancelled_ + left);
  const auto key = [](const Event& event) {
    return std::tuple(event.time, event.phase, event.sequence);
  };
  for (std::size_t i = 1; i < queue_.size(); ++i) {  // 0 is the root of the heap
    check.holds("no event is before the one above it in the heap",
                key(queue_[(i - 1) / 2]) < key(queue_[i]));
  }
  check.holds("no event is in the past", queue_.empty() || queue_.front().time >= now_);
}

}  // namespace epfleet::engine
