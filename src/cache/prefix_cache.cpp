#include "epfleet/cache/prefix_cache.h"

#include "epfleet/base/error.h"
#include "epfleet/cache/eviction_rule.h"
#include "epfleet/cache/session_cache.h"

namespace epfleet::cache {

// REQUIRES: 0 <= config.hit_ratio <= 1; config.block > 0.
std::unique_ptr<PrefixCache> make_statistical_cache(const KvCacheConfig& config,
                                                    std::uint64_t seed);

std::unique_ptr<PrefixCache> make_prefix_cache(const KvCacheConfig& config,
                                               std::int64_t bytes_per_token,
                                               std::size_t shared_prefixes, std::uint64_t seed) {
  if (config.model == CacheModel::Statistical) {
    return make_statistical_cache(config, seed);
  }
  if (!eviction_rules()[config.eviction].by_extent) {
    throw base::InputError(
        {.key = "kv_cache.eviction",
         .what = "s3fifo and lfu decide block by block and come with block traces",
         .remedy = "choose lru, fifo or ttl"});
  }
  return make_session_cache(config, bytes_per_token, shared_prefixes);
}

}  // namespace epfleet::cache
