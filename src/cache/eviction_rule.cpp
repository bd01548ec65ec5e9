#include "epfleet/cache/eviction_rule.h"

#include <algorithm>
#include <limits>

#include "epfleet/base/error.h"
#include "slot_list.h"

namespace epfleet::cache {
namespace {

// One list, the next to go at its back.
class Queue : public EvictionRule {
 public:
  explicit Queue(bool by_use) : by_use_(by_use) {}

  void insert(BlockSlot slot, workload::BlockId /*id*/) override { list_.push_front(links_, slot); }
  void use(BlockSlot slot) override { renew(slot); }
  void renew(BlockSlot slot) override {
    if (by_use_) {
      list_.to_front(links_, slot);
    }
  }
  void remove(BlockSlot slot) override { list_.remove(links_, slot); }
  BlockSlot victim() override {
    const BlockSlot slot = list_.back();
    list_.remove(links_, slot);
    return slot;
  }
  std::size_t blocks() const override { return list_.size(); }

 private:
  bool by_use_;  // LRU; else FIFO
  SlotLinks links_;
  SlotList list_;
};

std::unique_ptr<EvictionRule> make_lru(std::int64_t /*capacity*/) {
  return std::make_unique<Queue>(true);
}
std::unique_ptr<EvictionRule> make_fifo(std::int64_t /*capacity*/) {
  return std::make_unique<Queue>(false);
}

}  // namespace

// Each is defined in the .cpp of its rule; only this table calls them.
std::unique_ptr<EvictionRule> make_s3_fifo(std::int64_t capacity);
std::unique_ptr<EvictionRule> make_lfu(std::int64_t capacity);

const base::Registry<Eviction>& eviction_rules() {
  static constexpr base::Registry<Eviction>::Row kRows[] = {
      {"lru", "least recently used first", {.make = make_lru, .by_extent = true}},
      {"fifo", "first written first", {.make = make_fifo, .ages_by_use = false, .by_extent = true}},
      {"s3fifo", "S3-FIFO; for traces with block ids", {make_s3_fifo}},
      {"lfu", "least often used first; for traces with block ids", {make_lfu}},
      {"ttl", "by age alone", {.make = make_fifo, .never_full = true, .by_extent = true}},
  };
  static constexpr base::Registry<Eviction> kRules("kv_cache.eviction", kRows);
  return kRules;
}

Retention::Retention(const KvCacheConfig& config, std::int64_t bytes_per_token) {
  // A century is for ever, and its distance from any time of a run fits in 64 bits.
  constexpr base::Duration kForEver = std::chrono::hours(24 * 365 * 100);
  EPFLEET_CHECK(bytes_per_token > 0, "a token has bytes");
  const Eviction& rule = eviction_rules()[config.eviction];
  tokens = rule.never_full ? std::numeric_limits<std::int64_t>::max()
                           : config.capacity.count() / bytes_per_token;
  ttl = std::min(config.ttl, kForEver);
  ages_by_use = rule.ages_by_use;
}

}  // namespace epfleet::cache
