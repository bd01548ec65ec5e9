#include "epfleet/cache/extent_store.h"

#include <algorithm>
#include <limits>

#include "epfleet/base/error.h"
#include "epfleet/cache/eviction_rule.h"

namespace epfleet::cache {
namespace {

// A century is for ever, and its distance from any time of a run fits in 64 bits.
constexpr base::Duration kForEver = std::chrono::hours(24 * 365 * 100);

}  // namespace

ExtentStore::ExtentStore(const KvCacheConfig& config, std::int64_t bytes_per_token)
    : fifo_(!eviction_rules()[config.eviction].ages_by_use),
      block_(config.block),
      capacity_(std::numeric_limits<std::int64_t>::max()),
      ttl_(std::min(config.ttl, kForEver)) {
  EPFLEET_CHECK(block_ > 0, "a block has tokens");
  EPFLEET_CHECK(bytes_per_token > 0, "a token has bytes");
  if (!eviction_rules()[config.eviction].never_full) {
    capacity_ = config.capacity.count() / bytes_per_token;
  }
}

void ExtentStore::advance(base::TimePoint now) {
  EPFLEET_CHECK(now >= now_, "calls to the cache never go back in time");
  now_ = now;
  generations_.expire(now - ttl_);
}

Missing ExtentStore::why_missing(const Extent& extent) const {
  if (extent.end == extent.first || alive(extent)) {
    return Missing::NeverStored;
  }
  return now_ - extent.last_use > ttl_ ? Missing::Expired : Missing::Evicted;
}

void ExtentStore::touch(Extent& extent) {
  if (fifo_) {
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
  if (anew || !fifo_) {
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
