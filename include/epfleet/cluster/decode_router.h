// Which decode unit and GPU a request goes to, how its KV gets there, and who waits for room.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "epfleet/cluster/fleet_state.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::cluster {

class DecodeRouter {
 public:
  explicit DecodeRouter(FleetState& fleet);

  // Picks a unit and a GPU and moves the KV there over both ends' NICs, or lets the request wait at
  // its unit; wakes the unit. Returns when the KV has left the sender: at the transfer's end, or
  // now, to host memory.
  base::TimePoint hand_over(serving::RequestSlot slot, serving::Link& from);
  // A request that leaves another unit, whose NICs these are, with the KV that it has there: over
  // the NIC of its GPU, first read over PCIe where it is in the host's memory.
  void take_over(const serving::DecodeUnit::Leaving& leaving, std::vector<serving::Link>& from);
  // While no decode unit serves, requests wait for one, their KV in the memory of hosts; this gives
  // them to one once it does.
  void settle();
  // A preempted request: its KV goes to host memory over PCIe and comes back when its GPU has room,
  // or another one of the unit.
  void swap_out(serving::RequestSlot slot);
  // Gives room that has become free to those who wait at the unit, in order.
  void admit_waiting(std::uint32_t unit);
  // Writes `tokens` of KV from the request's GPU to the store; returns when they can be hit.
  base::TimePoint write_to_store(const serving::LiveRequest& request, std::int64_t tokens);

 private:
  using Member = DecodePool::Member;

  // Chooses unit and GPU. `send`: moves the KV, (Link to, Bytes) -> TimePoint.
  template <class Send>
  base::TimePoint put(serving::RequestSlot slot, const Send& send);
  bool admit(Member& member, const serving::DecodeUnit::Waiting& waiting);
  bool swap_in(Member& member, const serving::DecodeUnit::Waiting& waiting);
  void place(Member& member, serving::RequestSlot slot, std::uint32_t gpu, base::TimePoint arrives,
             base::Bytes kv);

  FleetState& fleet_;
  std::unique_ptr<policy::DecodeUnitRule> rule_;
  base::TokenParts32 most_growth_;  // of a request in one step
};

}  // namespace epfleet::cluster
