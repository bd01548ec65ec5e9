// The mechanistic cache for streams whose prefixes are sessions and shared prefixes: one extent a
// live session and one a shared prefix, instead of a table of blocks. Equal to a block store,
// because
//  * a session's prompts extend one another, so its blocks are used together, from the first on;
//  * a write makes everything before it used as well, so an extent has one last use (LRU, TTL);
//  * under FIFO the first block is the oldest, and without it the rest cannot be reached: the age
//    of the first block decides, and what is left behind a lost first block is written anew.
// tests/unit/cache compares it with such a store, call by call.
// Modelled: shared prefixes stored once for all sessions; blocks that straddle the end of a shared
//   prefix are the session's; parts still being written (a second write joins one that is not
//   finished: both can be hit when the later one is done); capacity, TTL, LRU or FIFO order.
// Left out: prefixes shared by part of the sessions only; eviction finer than a generation
//   (generations.h); shared prefixes whose length varies.
// Memory: 32 bytes a live session, the caller's or here (PrefixCache::session); 16 bytes a second
// of retention; the rest of the store is totals.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/cache/prefix_cache.h"

namespace epfleet::cache {

// REQUIRES: the rule of config.eviction works by extent; bytes_per_token > 0; config.block > 0.
[[nodiscard]] std::unique_ptr<PrefixCache> make_session_cache(const KvCacheConfig& config,
                                                              std::int64_t bytes_per_token,
                                                              std::size_t shared_prefixes);

}  // namespace epfleet::cache
