// The KV store as requests in service see it: what it had of each prompt, and what it has of each
// session. The latter travels with the session's request: it comes with the arrival, lies here
// beside what the prompt found, and sleeps in the feed until the next one. In a table of millions
// of sessions every call to the cache would wait for memory.
// Where requests of a session overlap, as in traces, they share the table that the cache keeps.
#pragma once

#include <cstdint>
#include <new>
#include <vector>

#include "epfleet/base/huge_pages.h"
#include "epfleet/cache/prefix_cache.h"
#include "epfleet/serving/live_request.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

class PromptStore {
 public:
  // Both must outlive this.
  PromptStore(cache::PrefixCache& cache, const serving::RequestPool& requests)
      : cache_(cache), requests_(requests) {}

  // Warms the cache, and gives the sessions to the feed if they can travel.
  void start(workload::ArrivalFeed& arrivals);

  // A request was given this slot; `own`: what its session has.
  void arrive(serving::RequestSlot slot, const cache::Extent& own) {
    if (slot >= places_.size()) {
      places_.resize(std::size_t{slot} + 1);
    }
    places_[slot].own = own;
  }

  // As those of the cache. The first lookup is kept until the request has left.
  const cache::Lookup& look_up(serving::RequestSlot slot, base::TimePoint now) {
    // Made where it stays: copied, it would be read as a whole just after it was written in parts,
    // for which the processor waits.
    return *::new (static_cast<void*>(&places_[slot].found))
        cache::Lookup{cache_.lookup(request(slot), own(slot), now)};
  }
  [[nodiscard]] cache::Lookup look_up_again(serving::RequestSlot slot, base::TimePoint now) {
    return cache_.lookup(requests_[slot].repeated(), own(slot), now);
  }
  [[nodiscard]] std::int32_t store(serving::RequestSlot slot, std::int64_t tokens,
                                   base::TimePoint now, base::TimePoint stored_at) {
    return cache_.store(request(slot), own(slot), tokens, now, stored_at);
  }
  void postpone(serving::RequestSlot slot, base::TimePoint stored_at) {
    cache_.postpone(request(slot), own(slot), stored_at);
  }
  void forget_session(serving::RequestSlot slot) {
    cache_.forget_session(request(slot), own(slot));
  }

  [[nodiscard]] const cache::Lookup& found(serving::RequestSlot slot) const {
    return places_[slot].found;
  }
  // What the session has.
  [[nodiscard]] cache::Extent& own(serving::RequestSlot slot) {
    return travels_ ? places_[slot].own : cache_.session(request(slot).prefix.session_slot);
  }

  // Fetches from memory what the calls above need. Changes nothing; any slot will do.
  void prefetch(serving::RequestSlot slot) const {
    if (slot < places_.size()) {
      __builtin_prefetch(&places_[slot], 1);
    }
  }

  // Those that are with requests, to `extents`.
  void add_extents(std::vector<cache::Extent>& extents) const;

 private:
  [[nodiscard]] const workload::Request& request(serving::RequestSlot slot) const {
    return requests_[slot].request;
  }

  struct alignas(64) Place {
    cache::Lookup found;
    cache::Extent own;
  };

  cache::PrefixCache& cache_;
  const serving::RequestPool& requests_;
  bool travels_ = false;
  base::HugeVector<Place> places_;  // [slot]
};

}  // namespace epfleet::cluster
