// Prompts in line, first come first served, with all that forming a step asks of them: so the line
// is read in sequence, and a request is touched when it is placed only. One may leave from anywhere
// in it without a search: its entry is passed over when it comes to the front.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "epfleet/serving/live_request.h"

namespace epfleet::serving {

// As it was when it took its place; nothing of this changes while it waits.
struct Prompt {
  base::TimePoint kv_ready;  // its hit has been read from the store
  double pairs = 0.0;        // query-key pairs of `tokens`
  std::int32_t tokens = 0;   // to compute
  std::int32_t before = 0;   // KV that exists
  RequestSlot slot = kNoRequest;
  std::uint32_t ticket = 0;
  [[nodiscard]] std::int32_t kv() const { return before + tokens; }  // once it is computed
};

class PromptQueue {
 public:
  explicit PromptQueue(RequestPool& pool) : pool_(&pool) {}

  void push_back(Prompt prompt) {
    if (head_ > line_.size() / 2) {
      drop_served();
    }
    prompt.ticket = pool_->give_ticket(prompt.slot);
    line_.push_back(prompt);
  }
  void push_front(Prompt prompt) {
    if (head_ == 0) {
      make_room();
    }
    prompt.ticket = pool_->give_ticket(prompt.slot);
    line_[--head_] = prompt;
  }

  // Serves the line: `serve(prompt)` says what becomes of each, in turn.
  enum class Served { Leaves, KeepsItsPlace, EndsIt };  // EndsIt: this and all behind it stay
  template <class Serve>
  void serve(const Serve& serve) {
    kept_.clear();
    for (; head_ < line_.size(); ++head_) {
      prefetch(kAhead);
      const Prompt& prompt = line_[head_];
      if (left_ > 0 && !waits(prompt)) {
        --left_;
        continue;
      }
      const Served served = serve(prompt);
      if (served == Served::EndsIt) {
        break;
      }
      if (served == Served::KeepsItsPlace) {
        kept_.push_back(prompt);
      }
    }
    head_ -= kept_.size();
    std::copy(kept_.begin(), kept_.end(), line_.begin() + static_cast<std::ptrdiff_t>(head_));
  }

  // The request leaves the line. REQUIRES: it waits in this one.
  void remove(RequestSlot slot) {
    pool_->take_ticket(slot);
    ++left_;
  }
  void clear() {
    line_.clear();
    head_ = left_ = 0;
  }

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = head_; i < line_.size(); ++i) {
      if (left_ == 0 || waits(line_[i])) {
        visit(line_[i]);
      }
    }
  }
  // Those that have left are as many as are passed over.
  void check_sums(base::SumCheck& check) const;

 private:
  static constexpr std::size_t kAhead = 8;  // places: fetched before they come up

  [[nodiscard]] bool waits(const Prompt& prompt) const {
    const LiveRequest& request = (*pool_)[prompt.slot];
    return request.stage == Stage::Queued && request.ticket() == prompt.ticket;
  }
  // Inlined by force: g++ takes a function that only prefetches for one without effect, and drops
  // its calls.
  [[gnu::always_inline]] inline void prefetch(std::size_t ahead) const {
    if (head_ + ahead < line_.size()) {
      pool_->prefetch_second_line(line_[head_ + ahead].slot);
    }
  }
  void drop_served() {
    line_.erase(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  void make_room() {
    const std::size_t room = line_.size() + 1;
    line_.insert(line_.begin(), room, Prompt{});
    head_ = room;
  }

  RequestPool* pool_;
  std::vector<Prompt> line_;  // those before head_ have been served
  std::size_t head_ = 0;
  std::size_t left_ = 0;  // entries in the line whose requests have left it
  std::vector<Prompt> kept_;
};

}  // namespace epfleet::serving
