// Which prefill unit computes a prompt, and how its hit comes from the store.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/cluster/fleet_state.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::cluster {

class PrefillRouter {
 public:
  explicit PrefillRouter(FleetState& fleet);

  // The prompt waits at a serving unit from now on, which is woken when it can start; its hit is
  // being read. `not_before`: when KV that it brings along (half done elsewhere) has arrived. A hit
  // whose reading would take too long is given up: it no longer counts as cached.
  void route(serving::RequestSlot slot, base::TimePoint not_before);
  // While no prefill unit serves, prompts wait for one; this routes them once one does.
  void settle();
  // Writes `tokens` of KV from the request's unit to the store; returns when they can be hit.
  base::TimePoint write_to_store(const serving::LiveRequest& request, std::int64_t tokens);

 private:
  void read_hit(serving::RequestSlot slot, std::uint32_t unit);

  FleetState& fleet_;
  std::unique_ptr<policy::PrefillRule> rule_;
};

}  // namespace epfleet::cluster
