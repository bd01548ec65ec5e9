#include "epfleet/cluster/prompt_store.h"

#include <utility>

namespace epfleet::cluster {

void PromptStore::start(workload::ArrivalFeed& arrivals) {
  const workload::Source& source = arrivals.source();
  cache_.warm(source.warm_extents(), source.warm_totals());
  if (source.sessions_overlap()) {
    return;
  }
  if (auto sessions = cache_.give_up_sessions()) {
    arrivals.carry(std::move(*sessions));
    travels_ = true;
  }
}

void PromptStore::add_extents(std::vector<cache::Extent>& extents) const {
  if (travels_) {
    requests_.for_each([&](serving::RequestSlot slot, const serving::LiveRequest& /*live*/) {
      extents.push_back(places_[slot].own);
    });
  }
}

}  // namespace epfleet::cluster
