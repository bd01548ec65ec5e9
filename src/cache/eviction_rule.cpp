#include "epfleet/cache/eviction_rule.h"

#include "eviction_rules.h"
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

 private:
  bool by_use_;  // LRU; else FIFO
  SlotLinks links_;
  SlotList list_;
};

}  // namespace

std::unique_ptr<EvictionRule> make_eviction_rule(Eviction rule, std::int64_t capacity) {
  switch (rule) {
    case Eviction::S3Fifo:
      return make_s3_fifo(capacity);
    case Eviction::Lfu:
      return make_lfu();
    case Eviction::Lru:
      return std::make_unique<Queue>(true);
    case Eviction::Fifo:
    case Eviction::Ttl:
      break;
  }
  return std::make_unique<Queue>(false);
}

}  // namespace epfleet::cache
