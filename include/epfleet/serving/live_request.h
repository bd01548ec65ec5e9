// A request inside the service, and the pool that holds all of them. Memory follows what is in
// flight: slots are reused, and a request keeps its slot from arrival to its last token.
#pragma once

#include <cstdint>
#include <map>
#include <memory_resource>
#include <new>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/huge_pages.h"
#include "epfleet/base/sum_check.h"
#include "epfleet/base/time.h"
#include "epfleet/base/token_parts.h"
#include "epfleet/observe/facts.h"
#include "epfleet/workload/request.h"

namespace epfleet::serving {

using RequestSlot = std::uint32_t;
inline constexpr RequestSlot kNoRequest = 0xffffffffU;

enum class Stage : std::uint8_t {
  Free,          // the slot is empty
  Queued,        // waits in a prefill unit
  Prefilling,    // at least one chunk is in a step or done
  AwaitingRoom,  // has its first token, no decode GPU has room
  Moving,        // its KV is on the way to a decode GPU
  Decoding,
};

// Two cache lines. A request is looked at when its prefill step is formed and when that ends, when
// it joins a decode unit and when it leaves: always seconds apart. The first and the third time all
// is in the second line, which begins within `request`, at its lengths.
struct alignas(64) LiveRequest {
  base::TimePoint first_token;
  // In prefill: its hit has been read from the store. Later: its KV is on the decode GPU.
  base::TimePoint kv_ready;
  workload::Request request;
  base::TimePoint prefill_start;
  base::TimePoint decode_start;
  std::int32_t cached_tokens = 0;
  std::int32_t computed_to = 0;  // of prefill_tokens(): KV that exists (hit and chunks done)
  base::TokenParts32 rate;       // tokens per decode step
  std::int32_t steps_taken = 0;  // decode steps before the present stay on a GPU
  // Decoding: the unit's step number when the present stay began. Queued: see ticket().
  std::uint32_t joined_step = 0;
  std::uint16_t prefill_unit = 0;
  std::uint16_t decode_unit = 0;
  std::uint16_t prefill_gpu = 0;
  std::uint16_t decode_gpu = 0;
  [[no_unique_address]] observe::RequestPath path;  // the next two lie in its last byte
  Stage stage : 4 = Stage::Free;
  bool decode_half : 1 = false;     // micro-batch, where membership is kept (sticky_halves.h)
  bool store_was_down : 1 = false;  // when its hit was sought or was to be read

  // What prefill computes: the prompt; of a request whose KV was lost in decode also the tokens
  // that it has emitted.
  [[nodiscard]] std::int32_t prefill_tokens() const {
    return static_cast<std::int32_t>(kv(steps_taken).whole_tokens());
  }
  [[nodiscard]] std::int32_t tokens_left() const { return prefill_tokens() - computed_to; }
  // As it is prefilled again: once it has its first token, its prompt was written to the store, if
  // that was not down.
  [[nodiscard]] workload::Request repeated() const {
    workload::Request again = request;
    if (path.has_first_token) {
      again.prefix.session_tokens = again.prompt_tokens;
      again.prefix.first_turn = false;
    }
    return again;
  }
  // Of a request in line (prompt_queue.h); another one once it has left it.
  [[nodiscard]] std::uint32_t ticket() const { return joined_step; }
  // KV held after `steps` decode steps in all.
  [[nodiscard]] base::TokenParts32 kv(std::int32_t steps) const {
    return base::TokenParts32::from_tokens(request.prompt_tokens) + rate * steps;
  }
  // What decode emits: prefill emits the first token.
  [[nodiscard]] base::TokenParts decode_output() const {
    return base::TokenParts::from_tokens(request.output_tokens - 1);
  }
  // Decode steps in all: the smallest k with k * rate >= decode_output().
  [[nodiscard]] std::int32_t steps_in_all() const {
    // In 32 bits, which divide faster: an answer is part of the KV that a GPU holds.
    const auto per_step = static_cast<std::uint32_t>(rate.count());
    const auto parts = static_cast<std::uint32_t>(decode_output().count());
    return static_cast<std::int32_t>((parts + per_step - 1) / per_step);
  }
};

static_assert(sizeof(LiveRequest) == 128);

// What is known of a request whose KV was lost after its first token, when that happened last.
struct Resumed {
  base::TimePoint last_chunk;  // it had got its latest tokens
  base::TimePoint kv_arrived;  // as LiveRequest::kv_ready, when it was lost for the first time
  std::int32_t steps = 0;      // it had taken
  std::int32_t found = 0;      // tokens that the store still had
  std::int32_t hit = 0;        // of these, tokens that were read
  bool rejoined = false;       // decodes again
};

class RequestPool {
 public:
  [[nodiscard]] RequestSlot add(const workload::Request& request) {
    if (free_.empty()) {
      EPFLEET_CHECK(slots_.size() < kNoRequest, "fewer than 2^32 requests are in flight");
      free_.push_back(static_cast<RequestSlot>(slots_.size()));
      slots_.emplace_back();
    }
    const RequestSlot slot = free_.back();
    free_.pop_back();
    ++live_;
    const workload::Request copied = request;  // else it might lie in the slot, for all g++ knows
    auto* live = ::new (static_cast<void*>(&slots_[slot])) LiveRequest;
    live->request = copied;
    live->stage = Stage::Queued;
    return slot;
  }
  void remove(RequestSlot slot) {
    EPFLEET_CHECK(slots_[slot].stage != Stage::Free, "a request leaves once");
    if (!resumed_.empty()) {
      resumed_.erase(slot);
    }
    slots_[slot].stage = Stage::Free;
    free_.push_back(slot);
    --live_;
  }
  [[nodiscard]] LiveRequest& operator[](RequestSlot slot) { return slots_[slot]; }
  [[nodiscard]] const LiveRequest& operator[](RequestSlot slot) const { return slots_[slot]; }
  // Fetch a request from memory ahead of its use, or what steps are formed of. They change nothing.
  void prefetch(RequestSlot slot) const {
    __builtin_prefetch(&slots_[slot]);
    prefetch_second_line(slot);
  }
  void prefetch_second_line(RequestSlot slot) const {
    __builtin_prefetch(&slots_[slot].prefill_start);
  }
  // The slot that the request after `ahead` more gets, if no other leaves before; none: a new one.
  [[nodiscard]] RequestSlot upcoming(std::size_t ahead) const {
    return free_.size() > ahead ? free_[free_.size() - 1 - ahead] : kNoRequest;
  }
  std::uint32_t give_ticket(RequestSlot slot) { return slots_[slot].joined_step = ++tickets_; }
  void take_ticket(RequestSlot slot) { slots_[slot].joined_step = 0; }
  // Requests that wait in prefill units; these count.
  [[nodiscard]] std::int64_t queued() const { return queued_; }
  void count_queued(std::int64_t change) { queued_ += change; }
  [[nodiscard]] std::size_t live() const { return live_; }
  void check_sums(base::SumCheck& check) const;
  // For lists of requests that units keep.
  [[nodiscard]] std::pmr::memory_resource* list_memory() { return memory_.lists(); }

  // Only few are: they need no room in every request.
  void resume(RequestSlot slot, const Resumed& resumed) { resumed_[slot] = resumed; }
  [[nodiscard]] Resumed* resumed(RequestSlot slot) {
    const auto found = resumed_.empty() ? resumed_.end() : resumed_.find(slot);
    return found == resumed_.end() ? nullptr : &found->second;
  }

  // Calls visit(slot, request) for everything in flight, in slot order. For rare sweeps only.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (RequestSlot slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot].stage != Stage::Free) {
        visit(slot, slots_[slot]);
      }
    }
  }

 private:
  base::HugePagePool memory_;
  base::HugeVector<LiveRequest> slots_;
  std::vector<RequestSlot> free_;
  std::size_t live_ = 0;
  std::map<RequestSlot, Resumed> resumed_;
  std::int64_t queued_ = 0;
  std::uint32_t tickets_ = 0;  // those of four billion requests ago are long gone
};

}  // namespace epfleet::serving
