// Least frequently used first; among equals the one used longest ago. A list a count, so that every
// step takes the time of finding a count.
#include <map>

#include "epfleet/cache/eviction_rule.h"
#include "slot_list.h"

namespace epfleet::cache {
namespace {

class Lfu final : public EvictionRule {
 public:
  void insert(BlockSlot slot, workload::BlockId /*id*/) override {
    if (slot >= count_.size()) {
      count_.resize(std::size_t{slot} + 1);
    }
    count_[slot] = 1;
    by_count_[1].push_front(links_, slot);
  }
  void use(BlockSlot slot) override {
    remove(slot);
    by_count_[++count_[slot]].push_front(links_, slot);
  }
  void renew(BlockSlot slot) override { by_count_[count_[slot]].to_front(links_, slot); }
  void remove(BlockSlot slot) override {
    const auto list = by_count_.find(count_[slot]);
    list->second.remove(links_, slot);
    if (list->second.empty()) {
      by_count_.erase(list);
    }
  }
  BlockSlot victim() override {
    const BlockSlot slot = by_count_.begin()->second.back();
    remove(slot);
    return slot;
  }
  std::size_t blocks() const override {
    std::size_t blocks = 0;
    for (const auto& [count, list] : by_count_) {
      blocks += list.size();
    }
    return blocks;
  }

 private:
  SlotLinks links_;
  std::vector<std::uint32_t> count_;  // [slot] uses
  std::map<std::uint32_t, SlotList> by_count_;
};

}  // namespace

std::unique_ptr<EvictionRule> make_lfu(std::int64_t /*capacity*/) {
  return std::make_unique<Lfu>();
}

}  // namespace epfleet::cache
