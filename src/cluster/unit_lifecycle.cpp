#include "epfleet/cluster/unit_lifecycle.h"

#include <algorithm>
#include <string>

#include "epfleet/base/error.h"
#include "epfleet/cluster/start_up.h"
#include "fleet_look.h"

namespace epfleet::cluster {

using engine::Phase;
using serving::LiveRequest;
using serving::RequestSlot;

namespace {

// A phase's own: its part of the counts, the event of a loaded unit.
std::int64_t count_in(const PrefillPool& /*pool*/, const UnitCounts& counts) {
  return counts.prefill_units;
}
std::int64_t count_in(const DecodePool& /*pool*/, const UnitCounts& counts) {
  return counts.decode_units;
}
std::string_view name_of(const PrefillPool& /*pool*/) { return "prefill"; }
std::string_view name_of(const DecodePool& /*pool*/) { return "decode"; }
base::Duration start_up_of(const FleetSpec& spec, const PrefillPool& /*pool*/,
                           std::int64_t loading) {
  return prefill_start_up(spec, loading);
}
base::Duration start_up_of(const FleetSpec& spec, const DecodePool& /*pool*/,
                           std::int64_t loading) {
  return decode_start_up(spec, loading);
}
Kind loaded_event(const PrefillPool& /*pool*/) { return Kind::PrefillLoaded; }
Kind loaded_event(const DecodePool& /*pool*/) { return Kind::DecodeLoaded; }

template <class Unit>
bool is_among(const UnitPool<Unit>& pool, std::uint32_t unit, const UnitCounts& counts) {
  return std::int64_t{pool[unit].rank} < count_in(pool, counts);
}

// Those that are down go first: of the allotted units they get the highest ranks.
template <class Unit>
void rank_down_last(UnitPool<Unit>& pool, const UnitCounts& allotted) {
  std::vector<std::uint32_t> units;
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    if (is_among(pool, unit, allotted)) {
      units.push_back(unit);
    }
  }
  std::ranges::sort(units, {}, [&](std::uint32_t unit) {
    return std::pair(pool.state(unit) == UnitState::Down, pool[unit].rank);
  });
  for (std::uint32_t rank = 0; rank < units.size(); ++rank) {
    pool[units[rank]].rank = rank;
  }
}

// When a loading ends whose length is still to be found.
constexpr base::TimePoint kNotYet = base::TimePoint::max();

template <class Unit>
void load(UnitPool<Unit>& pool, std::uint32_t unit) {
  pool.change_state(unit, UnitState::Loading);
  pool[unit].loaded_at = kNotYet;
}

template <class Unit>
std::int64_t nodes_in(const UnitPool<Unit>& pool, UnitState state) {
  std::int64_t nodes = 0;
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    nodes += pool.state(unit) == state ? pool[unit].clock.nodes() : 0;
  }
  return nodes;
}

bool no_more(const UnitCounts& a, const UnitCounts& b) { return policy::most(a, b) == b; }

}  // namespace

UnitLifecycle::UnitLifecycle(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
                             policy::ScalingRule& rule,
                             std::span<observe::Observer* const> observers)
    : fleet_(fleet),
      prefill_router_(prefill),
      decode_router_(decode),
      rule_(rule),
      observers_(observers) {}

void UnitLifecycle::start() {
  const policy::Target first = next_target();
  serve_at_once(fleet_.prefill, first.allotted);
  serve_at_once(fleet_.decode, first.allotted);
  target_ = {first.allotted, first.allotted};
  aim_at(first);
}

template <class Unit>
void UnitLifecycle::serve_at_once(UnitPool<Unit>& pool, const UnitCounts& allotted) {
  for (std::uint32_t unit = 0; unit < count_in(pool, allotted); ++unit) {
    pool.change_state(unit, UnitState::Serving);
  }
}

void UnitLifecycle::decide() { aim_at(next_target()); }

policy::Target UnitLifecycle::next_target() {
  const base::TimePoint now = fleet_.now();
  const policy::FleetView view = look_at(fleet_, target_);
  const policy::Target target = rule_.decide(view, now);
  EPFLEET_CHECK(no_more({}, target.serving) && no_more(target.serving, target.allotted) &&
                    no_more(target.allotted, rule_.most_units()) && target.next > now,
                "a scaling rule decides within its own limits");
  if (target.next != base::TimePoint::max()) {
    fleet_.schedule(target.next, Phase::Decision, Kind::ScalingDecision);
  }
  if (target.allotted != target_.allotted || target.serving != target_.serving) {
    ++fleet_.totals.scaling_decisions;
    announce(change_of_target(fleet_, view, target));
  }
  return target;
}

void UnitLifecycle::announce(const observe::Decision& decision) {
  for (observe::Observer* observer : observers_) {
    observer->on_decision(decision);
  }
}

void UnitLifecycle::aim_at(const policy::Target& target) {
  const policy::Target before = target_;
  rank_down_last(fleet_.prefill, before.allotted);
  rank_down_last(fleet_.decode, before.allotted);
  target_ = target;
  // All states first: what leaves one unit must not go to another that leaves too.
  const std::vector<std::uint32_t> prefill_leaving = move_units(fleet_.prefill, before.serving);
  const std::vector<std::uint32_t> decode_leaving = move_units(fleet_.decode, before.serving);
  // What waits goes elsewhere at once; what runs finishes its step.
  for (const std::uint32_t unit : prefill_leaving) {
    reroute_queue(unit);
    if (!fleet_.prefill[unit].unit.stepping()) {
      leave(fleet_.prefill, unit);
    }
  }
  for (const std::uint32_t unit : decode_leaving) {
    if (!fleet_.decode[unit].unit.stepping()) {
      leave(fleet_.decode, unit);
    }
  }
  start_loading();
  fleet_.raise_nodes_peak();
}

// Each unit's state follows the target. Returns those that begin to drain.
template <class Unit>
std::vector<std::uint32_t> UnitLifecycle::move_units(UnitPool<Unit>& pool,
                                                     const UnitCounts& served) {
  const base::TimePoint now = fleet_.now();
  const bool fewer_serve = count_in(pool, target_.serving) < count_in(pool, served);
  std::vector<std::uint32_t> leaving;
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    const bool allotted = is_among(pool, unit, target_.allotted);
    const bool serves = is_among(pool, unit, target_.serving);
    const UnitState state = pool.state(unit);
    if (state == UnitState::Off && allotted) {
      load(pool, unit);
      ++fleet_.totals.units_started;
    } else if (state == UnitState::Serving && !serves) {
      pool.change_state(unit, UnitState::Draining);
      leaving.push_back(unit);
    } else if (state == UnitState::Loading && allotted && !serves && fewer_serve) {
      pool.change_state(unit, UnitState::Draining);
    } else if (state == UnitState::Draining && serves) {  // called back before it was empty
      pool.change_state(unit,
                        pool[unit].loaded_at <= now ? UnitState::Serving : UnitState::Loading);
    } else {
      if (state == UnitState::Down && !serves) {
        pool.close(unit);  // a failure that nobody knows of yet does not keep it open
      }
      release_if_over(pool, unit);
    }
  }
  return leaving;
}

// Units that begin to load at the same time share the store: all their states first.
template <class Unit>
void UnitLifecycle::start_loading(UnitPool<Unit>& pool, std::int64_t nodes_loading) {
  const base::Duration in_common = start_up_of(fleet_.spec, pool, nodes_loading);
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    PoolMember<Unit>& member = pool[unit];
    if (pool.state(unit) == UnitState::Loading && member.loaded_at == kNotYet) {
      const Start start = draw_start(fleet_.spec, name_of(pool), in_common, member.clock.nodes(),
                                     unit, member.starts++);
      member.loaded_at = fleet_.now() + start.duration;
      member.start_fails = start.fails;
      fleet_.schedule(member.loaded_at, Phase::Decision, loaded_event(pool), unit);
    }
  }
}

void UnitLifecycle::start_loading() {
  const std::int64_t nodes =
      nodes_in(fleet_.prefill, UnitState::Loading) + nodes_in(fleet_.decode, UnitState::Loading);
  if (nodes == 0) {
    return;
  }
  start_loading(fleet_.prefill, nodes);
  start_loading(fleet_.decode, nodes);
}

template <class Unit>
void UnitLifecycle::release_if_over(UnitPool<Unit>& pool, std::uint32_t unit) {
  const UnitState state = pool.state(unit);
  const bool leaving =
      state == UnitState::Draining || state == UnitState::Loading || state == UnitState::Down;
  if (leaving && !is_among(pool, unit, target_.allotted) && pool[unit].unit.empty()) {
    pool.change_state(unit, UnitState::Off);
    ++fleet_.totals.units_stopped;
  }
}
template void UnitLifecycle::release_if_over(PrefillPool& pool, std::uint32_t unit);
template void UnitLifecycle::release_if_over(DecodePool& pool, std::uint32_t unit);

template <class Unit>
void UnitLifecycle::back(UnitPool<Unit>& pool, std::uint32_t unit) {
  pool[unit].loaded_at = fleet_.now();
  const bool serves = is_among(pool, unit, target_.serving);
  pool.change_state(unit, serves ? UnitState::Serving : UnitState::Draining);
  pool.wake(unit, fleet_.now());
  release_if_over(pool, unit);
}
template void UnitLifecycle::back(PrefillPool& pool, std::uint32_t unit);
template void UnitLifecycle::back(DecodePool& pool, std::uint32_t unit);

// A unit that is not to serve is soon to be released, and never opens; one that was released and
// allotted again meanwhile has a later loading.
template <class Unit>
void UnitLifecycle::loaded(UnitPool<Unit>& pool, std::uint32_t unit) {
  PoolMember<Unit>& member = pool[unit];
  if (pool.state(unit) != UnitState::Loading || member.loaded_at != fleet_.now()) {
    return;
  }
  if (member.start_fails) {
    announce(failed_start(fleet_.now(), name_of(pool), unit));
    pool.change_state(unit, UnitState::Off);
    load(pool, unit);
    start_loading();
  } else if (is_among(pool, unit, target_.serving)) {
    pool.change_state(unit, UnitState::Serving);
  }
}
template void UnitLifecycle::loaded(PrefillPool& pool, std::uint32_t unit);
template void UnitLifecycle::loaded(DecodePool& pool, std::uint32_t unit);

template <class Unit>
void UnitLifecycle::after_step(UnitPool<Unit>& pool, std::uint32_t unit) {
  if (pool.state(unit) == UnitState::Draining) {
    leave(pool, unit);
  } else {
    pool.wake(unit, fleet_.now());
  }
}
template void UnitLifecycle::after_step(PrefillPool& pool, std::uint32_t unit);
template void UnitLifecycle::after_step(DecodePool& pool, std::uint32_t unit);

void UnitLifecycle::reroute_queue(std::uint32_t prefill_unit) {
  std::vector<RequestSlot> queued;
  fleet_.prefill[prefill_unit].unit.evict_queued(queued);
  fleet_.prefill.refresh_load(prefill_unit);
  for (const RequestSlot slot : queued) {
    prefill_router_.route(slot, fleet_.requests[slot].kv_ready);
  }
}

void UnitLifecycle::leave(PrefillPool& pool, std::uint32_t unit) {
  std::vector<RequestSlot> halfway;
  pool[unit].unit.evict_all(halfway);
  pool.refresh_load(unit);
  for (const RequestSlot slot : halfway) {  // they take the KV that they have along
    const LiveRequest& live = fleet_.requests[slot];
    serving::Link& nic = pool[unit].rdma[live.prefill_gpu];
    prefill_router_.route(slot, nic.reserve(fleet_.now(), fleet_.kv_bytes(live.computed_to)));
  }
  release_if_over(pool, unit);
}

void UnitLifecycle::leave(DecodePool& pool, std::uint32_t unit) {
  if (fleet_.spec.scaling.drain == policy::DrainMode::Migrate) {
    std::vector<serving::DecodeUnit::Leaving> evicted;
    pool[unit].unit.evict_all(evicted);
    pool.refresh_load(unit);
    for (const auto& leaving : evicted) {
      decode_router_.take_over(leaving, pool[unit].rdma);
    }
  } else if (!pool[unit].unit.empty()) {
    pool.wake(unit, fleet_.now());
  }
  release_if_over(pool, unit);
}

}  // namespace epfleet::cluster
