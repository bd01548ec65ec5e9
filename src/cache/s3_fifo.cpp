// S3-FIFO, as in the paper's algorithm 1. Two free choices: a count of uses that a block brings
// from the small queue is dropped on its way to the main one, and the list of ids holds as many as
// fit the main queue.
#include <algorithm>

#include "epfleet/cache/eviction_rule.h"
#include "recent_ids.h"
#include "slot_list.h"

namespace epfleet::cache {
namespace {

constexpr std::uint8_t kMostUses = 3;     // two bits
constexpr std::uint8_t kUsesToStay = 2;   // in the small queue
constexpr std::int64_t kSmallShare = 10;  // a tenth of the room

class S3Fifo final : public EvictionRule {
 public:
  explicit S3Fifo(std::int64_t capacity)
      : small_room_(static_cast<std::size_t>(std::max<std::int64_t>(1, capacity / kSmallShare))),
        ghosts_(static_cast<std::size_t>(
            std::max<std::int64_t>(1, capacity - capacity / kSmallShare))) {}

  void insert(BlockSlot slot, workload::BlockId id) override {
    if (slot >= blocks_.size()) {
      blocks_.resize(std::size_t{slot} + 1);
    }
    const bool returns = ghosts_.forget(id);
    blocks_[slot] = {id, 0, returns};
    (returns ? main_ : small_).push_front(links_, slot);
  }
  void use(BlockSlot slot) override {
    blocks_[slot].uses = std::min<std::uint8_t>(kMostUses, blocks_[slot].uses + 1);
  }
  void renew(BlockSlot /*slot*/) override {}
  void remove(BlockSlot slot) override {
    (blocks_[slot].in_main ? main_ : small_).remove(links_, slot);
  }

  BlockSlot victim() override {
    while (true) {
      const bool from_small = main_.empty() || small_.size() >= small_room_;
      SlotList& queue = from_small && !small_.empty() ? small_ : main_;
      const BlockSlot slot = queue.back();
      Block& block = blocks_[slot];
      queue.remove(links_, slot);
      if (block.in_main && block.uses > 0) {
        --block.uses;
        main_.push_front(links_, slot);
      } else if (!block.in_main && block.uses >= kUsesToStay) {
        block.uses = 0;
        block.in_main = true;
        main_.push_front(links_, slot);
      } else {
        if (!block.in_main) {
          ghosts_.add(block.id, {});
        }
        return slot;
      }
    }
  }

  std::size_t blocks() const override { return small_.size() + main_.size(); }

 private:
  struct Block {
    workload::BlockId id = 0;
    std::uint8_t uses = 0;
    bool in_main = false;
  };

  struct Ghost {};

  std::size_t small_room_;
  SlotLinks links_;
  SlotList small_, main_;
  std::vector<Block> blocks_;  // by slot
  RecentIds<Ghost> ghosts_;
};

}  // namespace

std::unique_ptr<EvictionRule> make_s3_fifo(std::int64_t capacity) {
  return std::make_unique<S3Fifo>(capacity);
}

}  // namespace epfleet::cache
