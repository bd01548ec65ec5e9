// How much of a trace's input an ideal store would hit, whatever its size and keeping time: hit
// ratios of an infinite store and of LRU stores and TTLs of any size, in one pass.
// A prompt hits the blocks from its first on that are stored, up to the first that is not; requests
// come in arrival order, the store starts cold, every block counts as used and stored at once.
// Modelled: an LRU store of C blocks holds the C blocks used latest (Mattson's stack: one pass
//   tells the depth of every block, hence all capacities at once); within a request the first block
//   counts as used last, so that the store drops the ends of chains first. TTL: since the last use,
//   alive while age <= TTL. Whole blocks count, also a partial last one.
// Left out: writing takes no time; at least one prompt token is not computed.
// Source: Mattson et al., IBM Systems Journal 9 (1970); Fenwick, Software 24 (1994).
// Memory: 50 to 110 bytes a distinct block (tables double when they are full).
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

class ReuseProfile {
 public:
  // Capacities in tokens (whole blocks of them count) and TTLs to ask for.
  ReuseProfile(std::int64_t block_tokens, std::vector<std::int64_t> capacities,
               std::vector<base::Duration> ttls);

  // REQUIRES: times never go back.
  void add(base::Duration time, std::int64_t input, std::span<const workload::BlockId> blocks);

  [[nodiscard]] double ideal_hit_ratio() const { return ratio(ideal_); }
  [[nodiscard]] double lru_hit_ratio(std::size_t capacity) const { return ratio(lru_[capacity]); }
  [[nodiscard]] double ttl_hit_ratio(std::size_t ttl) const { return ratio(by_ttl_[ttl]); }
  [[nodiscard]] std::span<const std::int64_t> capacities() const { return capacities_; }
  [[nodiscard]] std::span<const base::Duration> ttls() const { return ttls_; }

  [[nodiscard]] std::int64_t distinct_blocks() const {
    return static_cast<std::int64_t>(blocks_.size());
  }
  // Over the blocks that an infinite store hits. The distance of a block is the tokens of distinct
  // blocks used since it was (itself included): the smallest LRU store that still had it. The
  // interval is the time since. Both to 2 %; none hit: 0.
  [[nodiscard]] double reuse_distance_tokens(double share) const {
    return distances_.quantile(share);
  }
  [[nodiscard]] double reuse_interval_s(double share) const { return intervals_.quantile(share); }

 private:
  struct Block {
    std::uint32_t position = 0;  // in the order of use
    base::Duration last_use{};
  };
  // Counts in bins of equal ratio.
  class RatioBins {
   public:
    void add(double value);
    [[nodiscard]] double quantile(double share) const;

   private:
    std::map<int, std::int64_t> bins_;
    std::int64_t count_ = 0;
  };

  [[nodiscard]] double ratio(std::int64_t hit) const;
  [[nodiscard]] std::int64_t depth(const Block& block) const;
  void match(base::Duration time, std::span<const workload::BlockId> blocks);
  void touch(workload::BlockId id, base::Duration time);
  void renumber();
  void mark(std::uint32_t position, std::int32_t by);

  std::int64_t block_tokens_;
  std::vector<std::int64_t> capacities_;
  std::vector<base::Duration> ttls_;
  std::int64_t input_ = 0, ideal_ = 0;      // tokens
  std::vector<std::int64_t> lru_, by_ttl_;  // tokens hit
  RatioBins distances_, intervals_;

  tsl::robin_map<workload::BlockId, std::uint32_t> index_;
  std::vector<Block> blocks_;           // by index
  std::vector<std::uint32_t> used_by_;  // [position] index of the block last used there
  std::vector<std::int32_t> tree_;  // Fenwick tree over positions: 1 where a block's last use is
  std::uint32_t next_position_ = 0;
  // of the present request: the largest depth and age from the first block to each
  std::vector<std::int64_t> depths_;
  std::vector<base::Duration> ages_;
};

}  // namespace epfleet::cache
