// Prompts in line, first come first served. One may leave from anywhere in it without a search: its
// entry is passed over when it comes to the front.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "epfleet/serving/live_request.h"

namespace epfleet::serving {

class PromptQueue {
 public:
  explicit PromptQueue(RequestPool& pool) : pool_(&pool) {}

  void push_back(RequestSlot slot) { line_.push_back({slot, pool_->give_ticket(slot)}); }
  void push_front(RequestSlot slot) { line_.push_front({slot, pool_->give_ticket(slot)}); }
  void push_front(const std::vector<RequestSlot>& in_order) {
    std::for_each(in_order.rbegin(), in_order.rend(), [&](RequestSlot slot) { push_front(slot); });
  }
  // kNoRequest: nobody waits.
  [[nodiscard]] RequestSlot front() {
    while (!line_.empty() && !waits(line_.front())) {
      line_.pop_front();
    }
    return line_.empty() ? kNoRequest : line_.front().slot;
  }
  void pop_front() { line_.pop_front(); }  // REQUIRES: front() was asked for
  // Fetches the request at this place, or near it, from memory. Changes nothing. Inlined by force:
  // g++ takes a function that only prefetches for one without effect, and drops its calls.
  [[gnu::always_inline]] inline void prefetch(std::size_t place) const {
    if (place < line_.size()) {
      pool_->prefetch(line_[place].slot);
    }
  }
  void clear() { line_.clear(); }

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Entry& entry : line_) {
      if (waits(entry)) {
        visit(entry.slot);
      }
    }
  }

 private:
  struct Entry {
    RequestSlot slot;
    std::uint32_t ticket;
  };
  [[nodiscard]] bool waits(const Entry& entry) const {
    const LiveRequest& request = (*pool_)[entry.slot];
    return request.stage == Stage::Queued && request.ticket() == entry.ticket;
  }

  RequestPool* pool_;
  std::deque<Entry> line_;
};

}  // namespace epfleet::serving
