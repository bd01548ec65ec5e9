// Which block goes when the store is full: a role with one question and no view of the blocks'
// content. Blocks are dense slots, used again after they left.
// Modelled: LRU (used longest ago), FIFO (written longest ago; also for TTL, where nothing is ever
//   too much), LFU (used least often, then longest ago), S3-FIFO (a small queue of a tenth of the
//   room for the new, a main queue for what was used there at least twice, a list of ids of those
//   sent away from the small one, whose return leads straight to the main one).
// Source: S3-FIFO: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/base/registry.h"
#include "epfleet/cache/config.h"
#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

using BlockSlot = std::uint32_t;

class EvictionRule {
 public:
  EvictionRule() = default;
  EvictionRule(const EvictionRule&) = delete;
  EvictionRule& operator=(const EvictionRule&) = delete;
  virtual ~EvictionRule() = default;

  // A block is stored that was not.
  virtual void insert(BlockSlot slot, workload::BlockId id) = 0;
  // A prompt hits it.
  virtual void use(BlockSlot slot) = 0;
  // A prompt that had it computed or read it is stored: it counts as fresh, not as hit once more.
  virtual void renew(BlockSlot slot) = 0;
  // It leaves for another reason than room.
  virtual void remove(BlockSlot slot) = 0;
  // Chooses and forgets one. REQUIRES: a block is stored.
  [[nodiscard]] virtual BlockSlot victim() = 0;
  // How many it knows of.
  [[nodiscard]] virtual std::size_t blocks() const = 0;
};

// A rule as it is chosen by name (kv_cache.eviction).
struct Eviction {
  std::unique_ptr<EvictionRule> (*make)(std::int64_t capacity);  // blocks that fit
  bool ages_by_use = true;  // the TTL counts from the last use; else since written
  bool never_full = false;  // capacity does not count, age alone does
  bool by_extent = false;  // exact with one extent a session (session_cache.h); else block by block
};
[[nodiscard]] const base::Registry<Eviction>& eviction_rules();

// What the configured store keeps under its rule; no bound is a number that none reaches.
struct Retention {
  Retention(const KvCacheConfig& config, std::int64_t bytes_per_token);
  std::int64_t tokens;
  base::Duration ttl;
  bool ages_by_use;
};

}  // namespace epfleet::cache
