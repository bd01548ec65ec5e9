// What left the store lately, and when it was used last: so that a miss has a cause. Bounded; the
// oldest are forgotten.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <deque>
#include <optional>

#include "epfleet/base/time.h"
#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

class DepartedBlocks {
 public:
  static constexpr std::size_t kMost = std::size_t{4} << 20U;

  void add(workload::BlockId id, base::TimePoint last_use) {
    blocks_[id] = {last_use, ++number_};
    order_.push_back({id, number_});
    while (blocks_.size() > kMost || order_.size() > 2 * kMost) {
      const auto [oldest, number] = order_.front();
      order_.pop_front();
      const auto found = blocks_.find(oldest);
      if (found != blocks_.end() && found->second.number == number) {
        blocks_.erase(found);
      }
    }
  }
  void forget(workload::BlockId id) { blocks_.erase(id); }

  [[nodiscard]] std::optional<base::TimePoint> last_use(workload::BlockId id) const {
    const auto found = blocks_.find(id);
    return found == blocks_.end() ? std::nullopt : std::optional(found->second.last_use);
  }

 private:
  struct Departed {
    base::TimePoint last_use;
    std::uint64_t number = 0;  // ids that came back and left again have a later one
  };
  struct Place {
    workload::BlockId id;
    std::uint64_t number;
  };

  tsl::robin_map<workload::BlockId, Departed> blocks_;
  std::deque<Place> order_;
  std::uint64_t number_ = 0;
};

}  // namespace epfleet::cache
