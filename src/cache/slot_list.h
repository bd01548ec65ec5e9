// Doubly linked lists of slots whose links lie in one array: a slot is in at most one list of those
// that share the array, and leaves from the middle in constant time.
#pragma once

#include <cstdint>
#include <vector>

namespace epfleet::cache {

inline constexpr std::uint32_t kNoSlot = 0xffffffffU;

struct SlotLink {
  std::uint32_t before = kNoSlot;  // towards the front
  std::uint32_t after = kNoSlot;
};
using SlotLinks = std::vector<SlotLink>;

class SlotList {
 public:
  [[nodiscard]] bool empty() const { return front_ == kNoSlot; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint32_t back() const { return back_; }

  // From the front to the back.
  template <class Visit>
  void for_each(const SlotLinks& links, const Visit& visit) const {
    for (std::uint32_t slot = front_; slot != kNoSlot; slot = links[slot].after) {
      visit(slot);
    }
  }

  void push_front(SlotLinks& links, std::uint32_t slot) {
    if (slot >= links.size()) {
      links.resize(std::size_t{slot} + 1);
    }
    links[slot] = {kNoSlot, front_};
    (front_ == kNoSlot ? back_ : links[front_].before) = slot;
    front_ = slot;
    ++size_;
  }
  void remove(SlotLinks& links, std::uint32_t slot) {
    const SlotLink link = links[slot];
    (link.before == kNoSlot ? front_ : links[link.before].after) = link.after;
    (link.after == kNoSlot ? back_ : links[link.after].before) = link.before;
    --size_;
  }
  void to_front(SlotLinks& links, std::uint32_t slot) {
    if (slot != front_) {
      remove(links, slot);
      push_front(links, slot);
    }
  }

 private:
  std::uint32_t front_ = kNoSlot, back_ = kNoSlot;
  std::size_t size_ = 0;
};

}  // namespace epfleet::cache
