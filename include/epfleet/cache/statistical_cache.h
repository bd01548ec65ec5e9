// The statistical cache: a stated share of every prompt hits, whatever was stored before.
// Modelled: whole blocks of hit_ratio x prompt, rounded up or down at random so that the mean is
// met (up to the last, never whole block of a prompt); a request that states its cached tokens gets
// just these (token-rate traces). Left out: content. Nothing is stored, evicted or lost, and
// CacheUse is 0; writes are what missed.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/cache/prefix_cache.h"

namespace epfleet::cache {

// REQUIRES: 0 <= config.hit_ratio <= 1; config.block > 0.
[[nodiscard]] std::unique_ptr<PrefixCache> make_statistical_cache(const KvCacheConfig& config,
                                                                  std::uint64_t seed);

}  // namespace epfleet::cache
