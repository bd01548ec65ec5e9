#include "epfleet/cache/extent_store.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::cache {

ExtentStore::ExtentStore(const KvCacheConfig& config, std::int64_t bytes_per_token)
    : block_(config.block), keeps_(config, bytes_per_token) {
  EPFLEET_CHECK(block_ > 0, "a block has tokens");
}

void ExtentStore::advance(base::TimePoint now) {
  EPFLEET_CHECK(now >= now_, "calls to the cache never go back in time");
  now_ = now;
  generations_.expire(now - keeps_.ttl);
}

std::int32_t Lookup::* ExtentStore::why_missing(const Extent& extent) const {
  if (extent.end == extent.first || alive(extent)) {
    return &Lookup::lost_cold;
  }
  return now_ - extent.last_use > keeps_.ttl ? &Lookup::lost_ttl : &Lookup::lost_capacity;
}

void ExtentStore::touch(Extent& extent) {
  if (!keeps_.ages_by_use) {
    return;
  }
  const GenerationId current = generations_.at(now_);
  if (current != extent.generation) {
    const std::int64_t moved = tokens(extent.end - extent.first);
    generations_.add(extent.generation, -moved);
    generations_.add(current, moved);
    extent.generation = current;
  }
  extent.last_use = now_;
}

void ExtentStore::follow(Extent& extent, Chain& chain) {
  if (!alive(extent)) {
    return;
  }
  touch(extent);
  if (extent.available_at <= now_) {
    extent.ready = extent.end;
  }
  if (chain.hit == extent.first) {
    chain.hit = extent.ready;
  }
  chain.matched = extent.end;
}

std::int32_t ExtentStore::write(Extent& extent, std::int32_t end, base::TimePoint stored_at) {
  const bool anew = !alive(extent) || extent.end == extent.first;
  if (anew) {
    extent.end = extent.ready = extent.first;
  } else {
    touch(extent);
  }
  if (end <= extent.end) {
    return 0;
  }
  if (extent.available_at <= now_) {
    extent.ready = extent.end;
  }
  const bool still_writing = extent.ready < extent.end;
  extent.available_at = still_writing ? std::max(extent.available_at, stored_at) : stored_at;
  const std::int32_t new_blocks = end - extent.end;
  const GenerationId current = generations_.at(now_);
  generations_.add(current, tokens(new_blocks));
  extent.end = end;
  if (anew || keeps_.ages_by_use) {
    extent.generation = current;
    extent.last_use = now_;
  }
  return new_blocks;
}

void ExtentStore::trim(Extent& extent, std::int32_t end) {
  extent.end = std::min(extent.end, std::max(end, extent.first));
  extent.ready = std::min(extent.ready, extent.end);
}

Extent ExtentStore::put(std::int64_t tokens, base::TimePoint last_use) {
  Extent extent;
  extent.last_use = extent.available_at = last_use;
  extent.end = extent.ready = whole_blocks(tokens);
  extent.generation = generations_.at(last_use);
  generations_.add(extent.generation, tokens);
  return extent;
}

}  // namespace epfleet::cache
