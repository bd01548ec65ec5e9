// The life of a unit: off -> loading -> serving -> draining (-> called back) -> released. The
// possible moves are kUnitMoves (unit_state.h); which units move, and when, follows from the target
// that the scaling rule has decided on: of a phase's units those of the lowest ranks are allotted,
// and those that are down get the highest ranks, so they are the first to go.
// Modelled: a unit that is allotted loads (start_up.h), then serves. One that is not to serve
//   drains: queued prompts are routed again, half-done ones take their KV along, decoding requests
//   migrate with their KV (or finish where they are, scaling.drain: wait). A unit beyond the
//   allotment is released, and no longer charged, once it is empty.
// Failures: unit_recovery.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/cluster/decode_router.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/prefill_router.h"
#include "epfleet/policy/scaling.h"

namespace epfleet::cluster {

class UnitLifecycle {
 public:
  // All must outlive this.
  UnitLifecycle(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
                policy::ScalingRule& rule, std::span<observe::Observer* const> observers = {});

  void start();   // the first units serve at once
  void decide();  // by the rule, and again when it wants to
  template <class Unit>
  void loaded(UnitPool<Unit>& pool, std::uint32_t unit);
  // A step of the unit has ended: it starts the next one, or leaves if it drains.
  template <class Unit>
  void after_step(UnitPool<Unit>& pool, std::uint32_t unit);
  // A unit that was down is whole again: it serves, if the target still wants it to.
  template <class Unit>
  void back(UnitPool<Unit>& pool, std::uint32_t unit);
  // It is released if it is empty and no longer allotted.
  template <class Unit>
  void release_if_over(UnitPool<Unit>& pool, std::uint32_t unit);

 private:
  [[nodiscard]] policy::Target next_target();
  void announce(const observe::Decision& decision);
  void aim_at(const policy::Target& target);
  template <class Unit>
  void serve_at_once(UnitPool<Unit>& pool, const UnitCounts& allotted);
  template <class Unit>
  std::vector<std::uint32_t> move_units(UnitPool<Unit>& pool, const UnitCounts& served);
  void start_loading();
  template <class Unit>
  void start_loading(UnitPool<Unit>& pool, std::int64_t nodes_loading);
  void reroute_queue(std::uint32_t prefill_unit);
  void leave(PrefillPool& pool, std::uint32_t unit);
  void leave(DecodePool& pool, std::uint32_t unit);

  FleetState& fleet_;
  PrefillRouter& prefill_router_;
  DecodeRouter& decode_router_;
  policy::ScalingRule& rule_;
  std::span<observe::Observer* const> observers_;
  policy::Target target_;
};

}  // namespace epfleet::cluster
