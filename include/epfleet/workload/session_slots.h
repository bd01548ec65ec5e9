// Dense indices of live sessions, used again after a session's last request. The latest one freed
// goes out first: what it indexes is still in the processor's cache. Knows which slots have a
// request in service, so that completing one twice is found out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/sum_check.h"

namespace epfleet::workload {

class SessionSlots {
 public:
  [[nodiscard]] std::uint32_t take() {
    if (free_.empty()) {
      in_service_.push_back(0);
      return static_cast<std::uint32_t>(in_service_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void enter_service(std::uint32_t slot) { in_service_[slot] = 1; }
  void leave_service(std::uint32_t slot) {
    EPFLEET_CHECK(slot < in_service_.size() && in_service_[slot] != 0,
                  "each request taken completes exactly once");
    in_service_[slot] = 0;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }

  // All slots are below this.
  [[nodiscard]] std::size_t size() const { return in_service_.size(); }
  // A slot is in service, asleep or free.
  void check_sums(base::SumCheck& check, std::int64_t in_service, std::size_t asleep) const {
    const auto serving = std::count(in_service_.begin(), in_service_.end(), 1);
    check.equal("number of sessions in service", serving, in_service);
    check.equal("number of slots of sessions", in_service_.size(),
                static_cast<std::size_t>(serving) + asleep + free_.size());
    check.holds("a free slot is not in service",
                std::all_of(free_.begin(), free_.end(),
                            [&](std::uint32_t slot) { return in_service_[slot] == 0; }));
  }

 private:
  std::vector<std::uint8_t> in_service_;  // [slot]
  std::vector<std::uint32_t> free_;
};

}  // namespace epfleet::workload
