// Block ids that came up lately, each with a value. Bounded: the oldest are forgotten.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>

#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

template <class Value>
class RecentIds {
 public:
  // `most_entries` counts an id again for every time that it was forgotten and came back.
  explicit RecentIds(std::size_t most,
                     std::size_t most_entries = std::numeric_limits<std::size_t>::max())
      : most_(most), most_entries_(most_entries) {}

  void add(workload::BlockId id, Value value) {
    ids_[id] = {value, ++number_};
    order_.push_back({id, number_});
    while (ids_.size() > most_ || order_.size() > most_entries_) {
      const auto [oldest, number] = order_.front();
      order_.pop_front();
      const auto found = ids_.find(oldest);
      if (found != ids_.end() && found->second.number == number) {
        ids_.erase(found);
      }
    }
  }
  // Whether it was there.
  bool forget(workload::BlockId id) { return ids_.erase(id) > 0; }

  [[nodiscard]] std::optional<Value> find(workload::BlockId id) const {
    const auto found = ids_.find(id);
    return found == ids_.end() ? std::nullopt : std::optional(found->second.value);
  }

 private:
  struct Entry {
    Value value{};
    std::uint64_t number = 0;  // ids that came back have a later one
  };
  struct Place {
    workload::BlockId id;
    std::uint64_t number;
  };

  std::size_t most_, most_entries_;
  tsl::robin_map<workload::BlockId, Entry> ids_;
  std::deque<Place> order_;
  std::uint64_t number_ = 0;
};

}  // namespace epfleet::cache
