// The store behind the session cache: runs of consecutive blocks that live and die together.
// It has ages, the order of eviction and what is still being written; the owner keeps the Extent,
// the store keeps totals. Why an extent needs no list of blocks: see session_cache.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/cache/eviction_rule.h"
#include "epfleet/cache/generations.h"
#include "epfleet/cache/prefix_cache.h"

namespace epfleet::cache {

// Blocks [first, end), counted from token 0 of the prompt; [first, ready) can be hit now and the
// rest from available_at on. The blocks before `first` belong to another extent (the shared
// prefix's).
struct Extent {
  base::TimePoint last_use;  // FIFO: when its first block was written
  base::TimePoint available_at;
  std::int32_t first = 0;
  std::int32_t end = 0;
  std::int32_t ready = 0;
  GenerationId generation = kNeverStored;
};
// Two million live sessions at full scale; two extents to a cache line.
static_assert(sizeof(Extent) <= 32);

// How far a prompt gets from token 0, in blocks.
struct Chain {
  std::int32_t matched = 0;  // stored or being written
  std::int32_t hit = 0;      // can be read now
};

class ExtentStore {
 public:
  ExtentStore(const KvCacheConfig& config, std::int64_t bytes_per_token);

  // All calls that follow happen at `now`. REQUIRES: `now` never goes back.
  void advance(base::TimePoint now);

  [[nodiscard]] bool alive(const Extent& extent) const {
    return generations_.alive(extent.generation) && now_ - extent.last_use <= keeps_.ttl;
  }
  // Why blocks at or after the extent's first are not there. What would be too old by now counts as
  // expired, even if it was evicted earlier.
  [[nodiscard]] std::int32_t Lookup::* why_missing(const Extent& extent) const;

  // Continues the chain, which has matched all blocks before the extent, through it.
  void follow(Extent& extent, Chain& chain);

  // Makes the extent reach to `end`; returns how many blocks are new. New blocks can be hit from
  // stored_at on, together with those still being written.
  std::int32_t write(Extent& extent, std::int32_t end, base::TimePoint stored_at);

  // The owner gives up the blocks from `end` on; they stay stored, unreachable, until evicted.
  static void trim(Extent& extent, std::int32_t end);

  // Content from before the run, in order of last use.
  [[nodiscard]] Extent put(std::int64_t tokens, base::TimePoint last_use);
  // Corrects the count of an extent that is alive.
  void recount(const Extent& extent, std::int64_t tokens) {
    generations_.add(extent.generation, tokens);
  }

  void evict() {
    generations_.evict_to(keeps_.tokens);
    peak_ = std::max(peak_, generations_.stored_tokens());
  }
  [[nodiscard]] std::int64_t stored_tokens() const { return generations_.stored_tokens(); }
  [[nodiscard]] std::int64_t peak_tokens() const { return peak_; }
  void restart_peak() { peak_ = generations_.stored_tokens(); }
  [[nodiscard]] bool started() const { return now_ != base::TimePoint::min(); }

  [[nodiscard]] std::int64_t tokens(std::int32_t blocks) const { return blocks * block_; }
  [[nodiscard]] std::int32_t whole_blocks(std::int64_t tokens) const {
    return static_cast<std::int32_t>(tokens / block_);
  }

 private:
  void touch(Extent& extent);

  std::int64_t block_;
  Retention keeps_;
  base::TimePoint now_ = base::TimePoint::min();
  Generations generations_;
  std::int64_t peak_ = 0;
};

}  // namespace epfleet::cache
