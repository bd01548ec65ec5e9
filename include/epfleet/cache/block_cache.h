// The mechanistic cache for traces with block ids: every block is an entry of its own.
// Modelled: matching from token 0, block by block; blocks that exist once written (those of prompts
//   still in prefill or on their way to the store are lost to not_yet_written); capacity in whole
//   blocks under any rule of eviction_rule.h; TTL since the last use (FIFO: since written); within
//   a request the first block counts as used last, so that chains lose their ends first.
//   Every token that an infinite store would hit in arrival order is a hit or lost to capacity, TTL
//   or not yet written; the parts add up.
// Left out: answers, whose ids no trace has: a next turn computes the answer of the one before.
//   What left the store is remembered to know why it is missing, the latest 4 million blocks; older
//   ones count as never stored.
// Memory: about 120 bytes a stored block.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/cache/prefix_cache.h"
#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

// `block_tokens` are those of the trace; config.block is not used. `lists` must outlive the cache.
// REQUIRES: block_tokens > 0, bytes_per_token > 0.
[[nodiscard]] std::unique_ptr<PrefixCache> make_block_cache(const KvCacheConfig& config,
                                                            std::int64_t bytes_per_token,
                                                            std::int64_t block_tokens,
                                                            const workload::BlockLists& lists);

}  // namespace epfleet::cache
