#include <algorithm>

#include "epfleet/base/sum_check.h"
#include "epfleet/serving/live_request.h"

namespace epfleet::serving {

void RequestPool::check_sums(base::SumCheck& check) const {
  const auto place = check.at("requests in flight");
  std::size_t live = 0;
  for_each([&](RequestSlot /*slot*/, const LiveRequest& /*request*/) { ++live; });
  check.equal("their number", live_, live);
  check.equal("number of slots", slots_.size(), live + free_.size());
  check.holds("a slot that can be used again is empty", std::ranges::all_of(free_, [&](auto slot) {
                return slots_[slot].stage == Stage::Free;
              }));
  check.holds("who is prefilled again is in flight", std::ranges::all_of(resumed_, [&](auto& one) {
                return slots_[one.first].stage != Stage::Free;
              }));
}

}  // namespace epfleet::serving
