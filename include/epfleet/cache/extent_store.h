// The store behind the session cache: runs of consecutive blocks that live and die together.
// It has ages, the order of eviction and what is still being written; the owner keeps the Extent,
// the store keeps totals. Why an extent needs no list of blocks: see session_cache.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/cache/eviction_rule.h"
#include "epfleet/cache/generations.h"
#include "epfleet/cache/prefix_cache.h"

namespace epfleet::cache {

// How far a prompt gets from token 0, in blocks.
struct Chain {
  std::int32_t matched = 0;  // stored or being written
  std::int32_t hit = 0;      // can be read now
};

class ExtentStore {
 public:
  ExtentStore(const KvCacheConfig& config, std::int64_t bytes_per_token);

  // All calls that follow happen at `now`. REQUIRES: `now` never goes back.
  void advance(base::TimePoint now) {
    EPFLEET_CHECK(now >= now_, "calls to the cache never go back in time");
    now_ = now;
    oldest_use_ = now - keeps_.ttl;
    generations_.expire(oldest_use_);
    current_ = generations_.at(now);
  }

  [[nodiscard]] bool alive(const Extent& extent) const {
    return generations_.alive(extent.generation) && extent.last_use >= oldest_use_;
  }
  // Why blocks at or after the extent's first are not there. What would be too old by now counts as
  // expired, even if it was evicted earlier.
  [[nodiscard]] std::int32_t Lookup::* why_missing(const Extent& extent) const;

  // Continues the chain, which has matched all blocks before the extent, through it.
  void follow(Extent& extent, Chain& chain);

  // Makes the extent reach to `end`; returns how many blocks are new. New blocks can be hit from
  // stored_at on, together with those still being written.
  std::int32_t write(Extent& extent, std::int32_t end, base::TimePoint stored_at);

  // What of it is still being written can be hit from stored_at on, not before.
  void postpone(Extent& extent, base::TimePoint stored_at) const {
    if (extent.available_at > now_) {
      extent.available_at = std::max(extent.available_at, stored_at);
    }
  }

  // The owner gives up the blocks from `end` on; they stay stored, unreachable, until evicted.
  static void trim(Extent& extent, std::int32_t end) {
    extent.end = std::min(extent.end, std::max(end, extent.first));
    extent.ready = std::min(extent.ready, extent.end);
  }

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
  // `extents`: all that the owner has, in these spans.
  void check_sums(base::SumCheck& check,
                  std::initializer_list<std::span<const Extent>> extents) const;

  [[nodiscard]] std::int64_t tokens(std::int32_t blocks) const {
    return std::int64_t{blocks} * block_;
  }
  // Of a prompt or an answer; the division is of 32 bits.
  [[nodiscard]] std::int32_t whole_blocks(std::int32_t tokens) const { return tokens / block_; }

 private:
  void touch(Extent& extent);

  std::int32_t block_;  // tokens
  Retention keeps_;
  base::TimePoint now_ = base::TimePoint::min();
  base::TimePoint oldest_use_ = base::TimePoint::min();  // that the TTL still keeps
  Generations generations_;
  GenerationId current_ = kNeverStored;
  std::int64_t peak_ = 0;
};

// The four calls that a request makes stand here, so that they become one function of the owner.

inline void ExtentStore::touch(Extent& extent) {
  if (!keeps_.ages_by_use) {
    return;
  }
  if (current_ != extent.generation) {
    const std::int64_t moved = tokens(extent.end - extent.first);
    generations_.move(extent.generation, current_, moved);
    extent.generation = current_;
  }
  extent.last_use = now_;
}

inline void ExtentStore::follow(Extent& extent, Chain& chain) {
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

inline std::int32_t ExtentStore::write(Extent& extent, std::int32_t end,
                                       base::TimePoint stored_at) {
  // A shared prefix, mostly: used within this second, and all there.
  if (extent.generation == current_ && end <= extent.end && extent.end > extent.first &&
      extent.last_use >= oldest_use_) {
    extent.last_use = keeps_.ages_by_use ? now_ : extent.last_use;
    return 0;
  }
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
  generations_.add(current_, tokens(new_blocks));
  extent.end = end;
  if (anew || keeps_.ages_by_use) {
    extent.generation = current_;
    extent.last_use = now_;
  }
  return new_blocks;
}

}  // namespace epfleet::cache
