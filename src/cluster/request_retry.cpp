// What becomes of requests whose KV a failure took: lost, or retried. A retried one is prefilled
// again with what the store still has; tokens that it has emitted are kept: prefill computes prompt
// and emitted tokens, emits nothing, and decode goes on where it was.
#include <algorithm>

#include "epfleet/cluster/request_flow.h"

namespace epfleet::cluster {

using serving::LiveRequest;
using serving::RequestSlot;
using serving::Resumed;

void RequestFlow::lose_prompts(std::span<const RequestSlot> slots) {
  for (const RequestSlot slot : slots) {
    const LiveRequest& live = fleet_.requests[slot];
    const Resumed* resumed = fleet_.requests.resumed(slot);
    const std::int32_t hit = resumed != nullptr ? resumed->hit : live.cached_tokens;
    fleet_.totals.failures.recomputed_tokens += live.computed_to - hit;
    retry(slot);
  }
  endings_.announce();
}

void RequestFlow::lose_decoding(std::span<const serving::DecodeUnit::Leaving> leaving,
                                base::TimePoint last_chunk) {
  for (const auto& [slot, kv, since] : leaving) {
    const LiveRequest& live = fleet_.requests[slot];
    const Resumed* before = fleet_.requests.resumed(slot);
    Resumed resumed{
        .last_chunk = live.first_token, .kv_arrived = live.kv_ready, .steps = live.steps_taken};
    if (live.steps_taken > (before != nullptr ? before->steps : 0)) {
      resumed.last_chunk = last_chunk;
    } else if (before != nullptr) {
      resumed.last_chunk = before->last_chunk;
    }
    fleet_.requests.resume(slot, resumed);
    retry(slot);
  }
  endings_.announce();
}

void RequestFlow::retry(RequestSlot slot) {
  LiveRequest& live = fleet_.requests[slot];
  if (fleet_.spec.failures.in_flight == InFlight::Lost) {
    ++fleet_.totals.failures.requests_lost;
    return endings_.end(slot, observe::Ending::UnitFailed);
  }
  ++fleet_.totals.failures.requests_retried;
  constexpr unsigned kMost = 15;
  live.path.retries = std::min(live.path.retries + 1U, kMost) & 0xfU;
  live.path.prefill_started = false;
  live.store_was_down = false;
  live.path.has_first_token ? look_up_again(slot) : look_up(slot);
  prefill_router_.route(slot, fleet_.now());
}

void RequestFlow::look_up_again(RequestSlot slot) {
  LiveRequest& live = fleet_.requests[slot];
  Resumed& resumed = *fleet_.requests.resumed(slot);
  const cache::Lookup found = stored_.look_up_again(slot, fleet_.now());
  live.computed_to = usable(found, live);
  resumed.found = found.hit_tokens;
  resumed.hit = live.computed_to;
  resumed.rejoined = false;
}

void RequestFlow::resume_decode(RequestSlot slot) {
  LiveRequest& live = fleet_.requests[slot];
  const Resumed& resumed = *fleet_.requests.resumed(slot);
  fleet_.totals.failures.recomputed_tokens += live.prefill_tokens() - resumed.hit;
  live.kv_ready = resumed.kv_arrived;
  if (live.request.prompt_tokens > resumed.found) {
    keep_prompt(slot, resumed.found);
  }
  send_to_decode(slot);
}

}  // namespace epfleet::cluster
