#include "epfleet/cache/block_cache.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/cache/eviction_rule.h"
#include "recent_ids.h"
#include "slot_list.h"

namespace epfleet::cache {
namespace {

using workload::BlockId;

constexpr std::size_t kMostDeparted = std::size_t{4} << 20U;

class TableOfBlocks final : public PrefixCache {
 public:
  TableOfBlocks(const KvCacheConfig& config, std::int64_t bytes_per_token,
                std::int64_t block_tokens, const workload::BlockLists& lists)
      : lists_(lists),
        block_(block_tokens),
        keeps_(config, bytes_per_token),
        capacity_(keeps_.tokens / block_tokens),
        rule_(eviction_rules()[config.eviction].make(capacity_)) {}

  Lookup lookup(const workload::Request& request, Extent& own, base::TimePoint now) override;
  std::int32_t store(const workload::Request& request, Extent& own, std::int64_t tokens,
                     base::TimePoint now, base::TimePoint stored_at) override;
  void postpone(const workload::Request& request, Extent& own, base::TimePoint stored_at) override;
  // The request is finished: what of it was never stored will not be.
  void forget_session(const workload::Request& last, Extent& /*own*/) override {
    for (const BlockId id : lists_.blocks_of(last.prefix.session_slot)) {
      awaited_.erase(id);
    }
  }
  std::int64_t stored_tokens(base::TimePoint now) override {
    advance(now);
    return static_cast<std::int64_t>(index_.size()) * block_;
  }
  std::int64_t peak_tokens() const override { return peak_ * block_; }
  void restart_peak(base::TimePoint now) override {
    advance(now);
    peak_ = static_cast<std::int64_t>(index_.size());
  }
  void check_sums(base::SumCheck& check, std::span<const Extent> elsewhere) const override;

 private:
  struct Block {
    BlockId id = 0;
    base::TimePoint last_use;  // FIFO: written
    base::TimePoint available_at;
  };

  void advance(base::TimePoint now);
  std::int64_t put(std::span<const BlockId> blocks, base::TimePoint stored_at);
  void insert(BlockId id, base::TimePoint stored_at);
  void renew_age(BlockSlot slot);
  void leave(BlockSlot slot);
  std::int32_t& why_missing(BlockId id, Lookup& found) const;

  const workload::BlockLists& lists_;
  std::int64_t block_;  // tokens
  Retention keeps_;
  std::int64_t capacity_;  // blocks
  std::int64_t peak_ = 0;  // blocks
  std::unique_ptr<EvictionRule> rule_;
  base::TimePoint now_ = base::TimePoint::min();
  tsl::robin_map<BlockId, BlockSlot> index_;  // of what is stored
  std::vector<Block> blocks_;                 // by slot
  std::vector<BlockSlot> free_;
  SlotLinks age_links_;
  SlotList by_age_;                                 // the oldest at the back
  tsl::robin_map<BlockId, std::uint32_t> awaited_;  // asked for by prompts that are not stored yet
  // What left the store lately, and when it was used last: so that a miss has a cause.
  RecentIds<base::TimePoint> departed_{kMostDeparted, 2 * kMostDeparted};
};

// Times never go back. What is older than the TTL leaves.
void TableOfBlocks::advance(base::TimePoint now) {
  EPFLEET_CHECK(now >= now_, "calls to the cache never go back in time");
  now_ = now;
  while (!by_age_.empty() && now_ - blocks_[by_age_.back()].last_use > keeps_.ttl) {
    const BlockSlot slot = by_age_.back();
    rule_->remove(slot);
    leave(slot);
  }
}

void TableOfBlocks::leave(BlockSlot slot) {
  by_age_.remove(age_links_, slot);
  index_.erase(blocks_[slot].id);
  departed_.add(blocks_[slot].id, blocks_[slot].last_use);
  free_.push_back(slot);
}

void TableOfBlocks::renew_age(BlockSlot slot) {
  if (keeps_.ages_by_use) {
    blocks_[slot].last_use = now_;
    by_age_.to_front(age_links_, slot);
  }
}

void TableOfBlocks::insert(BlockId id, base::TimePoint stored_at) {
  if (free_.empty()) {
    free_.push_back(static_cast<BlockSlot>(blocks_.size()));
    blocks_.emplace_back();
  }
  const BlockSlot slot = free_.back();
  free_.pop_back();
  blocks_[slot] = {id, now_, stored_at};
  index_[id] = slot;
  by_age_.push_front(age_links_, slot);
  rule_->insert(slot, id);
  departed_.forget(id);
}

// Stores what is not there, the last block first; returns how many blocks were.
std::int64_t TableOfBlocks::put(std::span<const BlockId> blocks, base::TimePoint stored_at) {
  std::int64_t had = 0;
  for (std::size_t i = blocks.size(); i > 0; --i) {
    const BlockId id = blocks[i - 1];
    awaited_.erase(id);
    if (const auto found = index_.find(id); found != index_.end()) {
      renew_age(found->second);
      rule_->renew(found->second);
      ++had;
    } else {
      insert(id, stored_at);
    }
  }
  while (static_cast<std::int64_t>(index_.size()) > capacity_) {
    leave(rule_->victim());
  }
  peak_ = std::max(peak_, static_cast<std::int64_t>(index_.size()));
  return had;
}

std::int32_t& TableOfBlocks::why_missing(BlockId id, Lookup& found) const {
  if (const auto last_use = departed_.find(id)) {
    return now_ - *last_use > keeps_.ttl ? found.lost_ttl : found.lost_capacity;
  }
  return found.lost_not_yet_written;
}

Lookup TableOfBlocks::lookup(const workload::Request& request, Extent& /*own*/,
                             base::TimePoint now) {
  advance(now);
  const auto blocks = lists_.blocks_of(request.prefix.session_slot);
  const auto is_known = [&](BlockId id) {
    return index_.contains(id) || awaited_.contains(id) || departed_.find(id);
  };
  const auto known = static_cast<std::size_t>(
      std::find_if_not(blocks.begin(), blocks.end(), is_known) - blocks.begin());
  std::size_t stored = 0;  // or being written
  std::size_t ready = 0;
  while (stored < known) {
    const auto found = index_.find(blocks[stored]);
    if (found == index_.end()) {
      break;
    }
    if (ready == stored && blocks_[found->second].available_at <= now_) {
      ++ready;
    }
    ++stored;
  }
  for (std::size_t i = stored; i > 0; --i) {
    const BlockSlot slot = index_.at(blocks[i - 1]);
    renew_age(slot);
    rule_->use(slot);
  }
  for (std::size_t i = stored; i < blocks.size(); ++i) {
    awaited_.try_emplace(blocks[i], 0U);
  }
  const auto tokens = [&](std::size_t count) {  // of the first blocks; the last may be partial
    return static_cast<std::int32_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(count) * block_, request.prompt_tokens));
  };
  Lookup found;
  found.hit_tokens = tokens(ready);
  found.lost_not_yet_written = tokens(stored) - tokens(ready);
  if (stored < known) {
    why_missing(blocks[stored], found) += tokens(known) - tokens(stored);
  }
  return found;
}

std::int32_t TableOfBlocks::store(const workload::Request& request, Extent& /*own*/,
                                  std::int64_t tokens, base::TimePoint now,
                                  base::TimePoint stored_at) {
  EPFLEET_CHECK(stored_at >= now, "a write ends after it begins");
  advance(now);
  if (tokens > request.prompt_tokens) {
    return static_cast<std::int32_t>(tokens);  // an answer has no ids: there is nothing to store
  }
  const std::int64_t had = put(lists_.blocks_of(request.prefix.session_slot), stored_at);
  return static_cast<std::int32_t>(had * block_);
}

void TableOfBlocks::postpone(const workload::Request& request, Extent& /*own*/,
                             base::TimePoint stored_at) {
  for (const BlockId id : lists_.blocks_of(request.prefix.session_slot)) {
    const auto found = index_.find(id);
    if (found != index_.end() && blocks_[found->second].available_at > now_) {
      base::TimePoint& available_at = blocks_[found->second].available_at;
      available_at = std::max(available_at, stored_at);
    }
  }
}

void TableOfBlocks::check_sums(base::SumCheck& check, std::span<const Extent> /*elsewhere*/) const {
  const auto place = check.at("KV store");
  check.equal("number of places for blocks", blocks_.size(), index_.size() + free_.size());
  check.equal("number of blocks that the eviction rule knows", rule_->blocks(), index_.size());
  check.at_least("most blocks stored", peak_, index_.size());
  check.at_least("room for blocks", capacity_, index_.size());
  std::size_t by_age = 0;
  base::TimePoint newer = base::TimePoint::max();
  by_age_.for_each(age_links_, [&](BlockSlot slot) {
    const Block& block = blocks_[slot];
    const auto found = index_.find(block.id);
    check.holds("a block in the list by age is stored",
                found != index_.end() && found->second == slot);
    check.holds("the list of blocks by age is in order", block.last_use <= newer);
    newer = block.last_use;
    ++by_age;
  });
  check.equal("number of blocks by age", by_age_.size(), by_age);
  check.equal("number of blocks by age", by_age, index_.size());
}

}  // namespace

std::unique_ptr<PrefixCache> make_block_cache(const KvCacheConfig& config,
                                              std::int64_t bytes_per_token,
                                              std::int64_t block_tokens,
                                              const workload::BlockLists& lists) {
  EPFLEET_CHECK(block_tokens > 0, "a block has tokens");
  return std::make_unique<TableOfBlocks>(config, bytes_per_token, block_tokens, lists);
}

}  // namespace epfleet::cache
