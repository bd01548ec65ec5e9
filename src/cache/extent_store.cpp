#include "epfleet/cache/extent_store.h"

#include <limits>

namespace epfleet::cache {

ExtentStore::ExtentStore(const KvCacheConfig& config, std::int64_t bytes_per_token)
    : block_(static_cast<std::int32_t>(config.block)), keeps_(config, bytes_per_token) {
  EPFLEET_CHECK(config.block > 0 && config.block <= std::numeric_limits<std::int32_t>::max(),
                "a block has tokens, no more than a prompt can have");
}

std::int32_t Lookup::* ExtentStore::why_missing(const Extent& extent) const {
  if (extent.end == extent.first || alive(extent)) {
    return &Lookup::lost_cold;
  }
  return extent.last_use < oldest_use_ ? &Lookup::lost_ttl : &Lookup::lost_capacity;
}

Extent ExtentStore::put(std::int64_t tokens, base::TimePoint last_use) {
  Extent extent;
  extent.last_use = extent.available_at = last_use;
  extent.end = extent.ready = static_cast<std::int32_t>(tokens / block_);
  extent.generation = generations_.at(last_use);
  generations_.add(extent.generation, tokens);
  return extent;
}

}  // namespace epfleet::cache
