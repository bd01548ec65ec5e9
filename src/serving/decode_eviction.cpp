// How requests leave a decode unit before their last token: preempted for want of KV room, one
// whose time is up, or all of them when the unit drains. All are rare next to joins, so they search
// instead of keeping per-GPU lists that every join would pay for: preemption the unit's own
// calendar (a full fleet preempts thousands of times an hour), draining the pool.
#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/serving/decode_unit.h"

namespace epfleet::serving {

void DecodeUnit::preempt_overflow(std::vector<RequestSlot>& preempted) {
  // Room that is promised to KV on its way counts: it was there when it was promised.
  for (std::uint32_t gpu = 0; gpu < placed_kv_.size(); ++gpu) {
    while (placed_kv_[gpu] > kv_limit_ && active_requests_[gpu] > 0) {
      const RequestSlot slot = youngest_on(gpu);
      LiveRequest& request = pool_[slot];
      forget_finish(slot);
      leave(request, steps_of(request));
      ++request.path.preemptions;
      request.stage = Stage::AwaitingRoom;
      preempted.push_back(slot);
    }
  }
}

RequestSlot DecodeUnit::youngest_on(std::uint32_t gpu) const {
  RequestSlot youngest = kNoRequest;
  finishers_.for_each_on(gpu, [&](RequestSlot slot) {
    if (youngest == kNoRequest || pool_[slot].request.id > pool_[youngest].request.id) {
      youngest = slot;
    }
  });
  EPFLEET_CHECK(youngest != kNoRequest, "a GPU with requests has a youngest one");
  return youngest;
}

void DecodeUnit::forget_finish(RequestSlot slot) {
  const LiveRequest& request = pool_[slot];
  const std::int32_t stay = request.steps_in_all() - request.steps_taken;
  finishers_.remove(request.joined_step + static_cast<std::uint32_t>(stay) - 1, slot);
}

bool DecodeUnit::holds(const LiveRequest& request) const {
  return request.decode_unit == id_.value() &&
         (request.stage == Stage::Decoding || request.stage == Stage::Moving);
}

// Of a request whose KV is still on its way.
void DecodeUnit::give_up_place(const LiveRequest& request) {
  const std::size_t gpu = request.decode_gpu;
  const base::TokenParts32 kv = request.kv(request.steps_taken);
  placed_and_one_[gpu] -= 1.0F;
  --view_.requests_total;
  placed_kv_[gpu] -= kv;
  view_.kv_total -= kv;
}

// One of all that leave: the calendar and the list of those on their way are the caller's.
void DecodeUnit::leave_early(RequestSlot slot, std::vector<Leaving>& evicted) {
  LiveRequest& request = pool_[slot];
  const bool moving = request.stage == Stage::Moving;
  if (moving) {
    give_up_place(request);
  } else {
    leave(request, steps_of(request));
  }
  request.stage = Stage::AwaitingRoom;
  evicted.push_back({slot, Leaving::Kv::OnGpu, moving ? request.kv_ready : base::TimePoint::min()});
}

// A decoding request's entries in the unit's lists.
void DecodeUnit::forget_place(RequestSlot slot) {
  const LiveRequest& request = pool_[slot];
  forget_finish(slot);
  if (request.joined_step == step_number_) {  // in a step that was given up: no chunk yet
    const Resumed* resumed = pool_.resumed(slot);
    const base::TimePoint before = resumed ? resumed->last_chunk : request.first_token;
    const auto joined = std::ranges::find(joined_first_tokens_, before);
    if (joined != joined_first_tokens_.end()) {
      joined_first_tokens_.erase(joined);
    }
  }
}

void DecodeUnit::remove(RequestSlot slot) {
  LiveRequest& request = pool_[slot];
  const auto is_it = [slot](const auto& one) { return one.slot == slot; };
  if (request.stage == Stage::Decoding) {
    EPFLEET_CHECK(!stepping_, "a request leaves its GPU between steps");
    forget_place(slot);
    leave(request, steps_of(request));
  } else if (request.stage == Stage::Moving) {
    give_up_place(request);
    incoming_.erase(std::ranges::find_if(incoming_, is_it));
  } else {  // deadlines find those in front first
    waiting_.erase(std::ranges::find_if(waiting_, is_it));
  }
  request.stage = Stage::AwaitingRoom;
}

void DecodeUnit::evict_all(std::vector<Leaving>& evicted) {
  EPFLEET_CHECK(!stepping_, "requests leave a unit between steps");
  pool_.for_each([&](RequestSlot slot, const LiveRequest& request) {
    if (holds(request)) {
      leave_early(slot, evicted);
    }
  });
  for (const Waiting& waiting : waiting_) {
    evicted.push_back({waiting.slot, waiting.swapped ? Leaving::Kv::InHost : Leaving::Kv::Elsewhere,
                       waiting.not_before});
  }
  waiting_.clear();
  incoming_.clear();
  joined_first_tokens_.clear();
  finishers_.clear();
  stands_since_.reset();
  EPFLEET_CHECK(view_.requests_total == 0 && active_total_ == 0, "an evicted unit is empty");
}

void DecodeUnit::evict_gpus(std::span<const std::uint32_t> gpus, bool hosts,
                            std::vector<Leaving>& evicted) {
  EPFLEET_CHECK(!stepping_, "requests leave a unit between steps");
  const auto lost = [&](RequestSlot slot) {
    return std::ranges::find(gpus, pool_[slot].decode_gpu) != gpus.end();
  };
  std::erase_if(incoming_, [&](const Incoming& incoming) { return lost(incoming.slot); });
  pool_.for_each([&](RequestSlot slot, const LiveRequest& request) {
    if (!holds(request) || !lost(slot)) {
      return;
    }
    if (request.stage == Stage::Decoding) {
      forget_place(slot);
    }
    leave_early(slot, evicted);
  });
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    const bool leaves = hosts && waiting.swapped && lost(waiting.slot);
    if (leaves) {
      evicted.push_back({waiting.slot, Leaving::Kv::InHost, waiting.not_before});
    }
    return leaves;
  });
}

}  // namespace epfleet::serving
