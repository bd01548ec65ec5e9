#include "epfleet/cluster/unit_lifecycle.h"

#include <algorithm>

namespace epfleet::cluster {

using engine::Phase;
using serving::LiveRequest;
using serving::Slot;

namespace {

template <class Visit>
void for_each_unit(FleetState& fleet, const Visit& visit) {
  for (std::uint32_t unit = 0; unit < fleet.prefill.size(); ++unit) {
    visit(fleet.prefill, unit);
  }
  for (std::uint32_t unit = 0; unit < fleet.decode.size(); ++unit) {
    visit(fleet.decode, unit);
  }
}

}  // namespace

UnitLifecycle::UnitLifecycle(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
                             Allotment allotment)
    : fleet_(fleet),
      prefill_router_(prefill),
      decode_router_(decode),
      allotment_(std::move(allotment)) {}

void UnitLifecycle::start() {
  target_ = {allotment_.initial_groups, allotment_.initial_groups};
  for_each_unit(fleet_, [&](auto& pool, std::uint32_t unit) {
    if (pool[unit].group <= target_.allotted) {
      pool.change_state(unit, UnitState::Serving);
    }
  });
  const base::Duration lead = fleet_.spec.scaling.drain_lead;
  std::int64_t groups = allotment_.initial_groups;
  for (std::uint32_t i = 0; i < allotment_.changes.size(); ++i) {
    const AllotmentChange& change = allotment_.changes[i];
    if (change.groups < groups) {
      fleet_.schedule(std::max(change.at - lead, fleet_.now()), Phase::Decision, Kind::DrainGroups,
                      i);
    }
    fleet_.schedule(change.at, Phase::Decision, Kind::AllotGroups, i);
    groups = change.groups;
  }
}

void UnitLifecycle::drain_groups(std::size_t change) {
  aim_at({target_.allotted, std::min(target_.serving, allotment_.changes[change].groups)});
}

void UnitLifecycle::allot_groups(std::size_t change) {
  aim_at({allotment_.changes[change].groups, groups_to_serve(change)});
}

// The allotment, less what steps after `change` have begun to drain by now.
std::int64_t UnitLifecycle::groups_to_serve(std::size_t change) const {
  std::int64_t groups = allotment_.changes[change].groups;
  for (std::size_t later = change + 1; later < allotment_.changes.size(); ++later) {
    if (allotment_.changes[later].at - fleet_.spec.scaling.drain_lead > fleet_.now()) {
      break;
    }
    groups = std::min(groups, allotment_.changes[later].groups);
  }
  return groups;
}

void UnitLifecycle::aim_at(Target target) {
  const Target before = target_;
  target_ = target;
  // All states first: what leaves one unit must not go to another that leaves too.
  const bool fewer_serve = target.serving < before.serving;
  const std::vector<std::uint32_t> prefill_leaving = move_units(fleet_.prefill, fewer_serve);
  const std::vector<std::uint32_t> decode_leaving = move_units(fleet_.decode, fewer_serve);
  for (const std::uint32_t unit : prefill_leaving) {
    begin_to_leave(fleet_.prefill, unit);
  }
  for (const std::uint32_t unit : decode_leaving) {
    begin_to_leave(fleet_.decode, unit);
  }
  const base::TimePoint loaded = fleet_.now() + fleet_.spec.scaling.start_up;
  for (std::int64_t group = before.allotted + 1; group <= target.allotted; ++group) {
    fleet_.schedule(loaded, Phase::Decision, Kind::GroupLoaded, static_cast<std::uint32_t>(group));
  }
}

// Each unit's state follows the target. Returns those that begin to drain.
template <class Unit>
std::vector<std::uint32_t> UnitLifecycle::move_units(UnitPool<Unit>& pool, bool fewer_serve) {
  const base::TimePoint now = fleet_.now();
  std::vector<std::uint32_t> leaving;
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    PoolMember<Unit>& member = pool[unit];
    const bool allotted = member.group <= target_.allotted;
    const bool serves = member.group <= target_.serving;
    const UnitState state = member.clock.state();
    if (state == UnitState::Off && allotted) {
      member.loaded_at = now + fleet_.spec.scaling.start_up;
      pool.change_state(unit, UnitState::Loading);
    } else if (state == UnitState::Serving && !serves) {
      pool.change_state(unit, UnitState::Draining);
      leaving.push_back(unit);
    } else if (state == UnitState::Loading && allotted && !serves && fewer_serve) {
      pool.change_state(unit, UnitState::Draining);
    } else if (state == UnitState::Draining && serves) {  // called back before it was empty
      pool.change_state(unit, member.loaded_at <= now ? UnitState::Serving : UnitState::Loading);
    } else {
      release_if_over(pool, unit);
    }
  }
  return leaving;
}

template <class Unit>
void UnitLifecycle::release_if_over(UnitPool<Unit>& pool, std::uint32_t unit) {
  const UnitState state = pool.state(unit);
  const bool leaving = state == UnitState::Draining || state == UnitState::Loading;
  if (leaving && pool[unit].group > target_.allotted && pool[unit].unit.empty()) {
    pool.change_state(unit, UnitState::Off);
  }
}

void UnitLifecycle::group_loaded(std::uint32_t group) {
  if (group > target_.serving) {
    return;  // it is soon to be released: it never opens
  }
  for_each_unit(fleet_, [&](auto& pool, std::uint32_t unit) {
    // Released and allotted again meanwhile: the later loading counts.
    if (pool[unit].group == group && pool.state(unit) == UnitState::Loading &&
        pool[unit].loaded_at == fleet_.now()) {
      pool.change_state(unit, UnitState::Serving);
    }
  });
}

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

// What waits goes elsewhere at once; what runs finishes its step.
void UnitLifecycle::begin_to_leave(PrefillPool& pool, std::uint32_t unit) {
  std::vector<Slot> queued;
  pool[unit].unit.evict_queued(queued);
  pool.refresh_load(unit);
  for (const Slot slot : queued) {
    prefill_router_.route(slot, fleet_.requests[slot].kv_ready);
  }
  if (!pool[unit].unit.stepping()) {
    leave(pool, unit);
  }
}

void UnitLifecycle::begin_to_leave(DecodePool& pool, std::uint32_t unit) {
  if (!pool[unit].unit.stepping()) {
    leave(pool, unit);
  }
}

void UnitLifecycle::leave(PrefillPool& pool, std::uint32_t unit) {
  std::vector<Slot> halfway;
  pool[unit].unit.evict_all(halfway);
  pool.refresh_load(unit);
  for (const Slot slot : halfway) {  // they take the KV that they have along
    const LiveRequest& live = fleet_.requests[slot];
    serving::Link& nic = pool[unit].rdma[live.prefill_gpu];
    prefill_router_.route(slot, nic.reserve(fleet_.now(), fleet_.kv_bytes(live.computed_to)));
  }
  release_if_over(pool, unit);
}

void UnitLifecycle::leave(DecodePool& pool, std::uint32_t unit) {
  if (fleet_.spec.scaling.drain == DrainMode::Migrate) {
    std::vector<Slot> evicted;
    pool[unit].unit.evict_all(evicted);
    pool.refresh_load(unit);
    for (const Slot slot : evicted) {
      decode_router_.hand_over(slot, pool[unit].rdma[fleet_.requests[slot].decode_gpu]);
    }
  } else if (!pool[unit].unit.empty()) {
    pool.wake(unit, fleet_.now());
  }
  release_if_over(pool, unit);
}

}  // namespace epfleet::cluster
