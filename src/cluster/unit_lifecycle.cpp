#include "epfleet/cluster/unit_lifecycle.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::cluster {

using engine::Phase;
using serving::LiveRequest;
using serving::RequestSlot;

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

// In full steps.
double load_of(const serving::PrefillUnit& unit) {
  const serving::PrefillUnitLimits& limits = unit.limits();
  return static_cast<double>(unit.outstanding_tokens()) /
         (static_cast<double>(limits.max_tokens_per_gpu) * limits.gpus);
}
// KV in its room.
double load_of(const serving::DecodeUnit& unit) {
  const serving::DecodeUnitLimits& limits = unit.limits();
  return unit.active_kv().tokens() / (static_cast<double>(limits.kv_capacity_tokens) * limits.gpus);
}

template <class Unit>
policy::PhaseView view_of(const UnitPool<Unit>& pool) {
  policy::PhaseView view;
  std::int64_t* const counts[] = {&view.off, &view.loading, &view.serving, &view.draining,
                                  &view.down};
  for (std::uint32_t i = 0; i < pool.size(); ++i) {
    const Unit& unit = pool[i].unit;
    ++*counts[static_cast<std::size_t>(pool.state(i))];
    view.waiting_requests += unit.waiting_requests();
    view.load += load_of(unit);
  }
  view.load /= static_cast<double>(std::max<std::int64_t>(view.serving, 1));
  return view;
}

}  // namespace

UnitLifecycle::UnitLifecycle(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
                             policy::ScalingRule& rule)
    : fleet_(fleet), prefill_router_(prefill), decode_router_(decode), rule_(rule) {}

void UnitLifecycle::start() {
  const policy::Target first = next_target();
  for_each_unit(fleet_, [&](auto& pool, std::uint32_t unit) {
    if (pool[unit].group <= first.allotted) {
      pool.change_state(unit, UnitState::Serving);
    }
  });
  target_ = {first.allotted, first.allotted};
  aim_at(first);
}

void UnitLifecycle::decide() { aim_at(next_target()); }

policy::Target UnitLifecycle::next_target() {
  const base::TimePoint now = fleet_.now();
  const policy::Target target = rule_.decide(
      {.target = target_, .prefill = view_of(fleet_.prefill), .decode = view_of(fleet_.decode)},
      now);
  EPFLEET_CHECK(target.serving >= 0 && target.serving <= target.allotted &&
                    target.allotted <= rule_.most_groups() && target.next > now,
                "a scaling rule decides within its own limits");
  if (target.next != base::TimePoint::max()) {
    fleet_.schedule(target.next, Phase::Decision, Kind::ScalingDecision);
  }
  return target;
}

void UnitLifecycle::aim_at(const policy::Target& target) {
  const policy::Target before = target_;
  target_ = target;
  // All states first: what leaves one unit must not go to another that leaves too.
  const bool fewer_serve = target.serving < before.serving;
  const std::vector<std::uint32_t> prefill_leaving = move_units(fleet_.prefill, fewer_serve);
  const std::vector<std::uint32_t> decode_leaving = move_units(fleet_.decode, fewer_serve);
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
  fleet_.raise_nodes_peak();
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
  const bool leaving = state == UnitState::Draining || state == UnitState::Loading ||
                       state == UnitState::Down;
  if (leaving && pool[unit].group > target_.allotted && pool[unit].unit.empty()) {
    pool.change_state(unit, UnitState::Off);
  }
}
template void UnitLifecycle::release_if_over(PrefillPool& pool, std::uint32_t unit);
template void UnitLifecycle::release_if_over(DecodePool& pool, std::uint32_t unit);

template <class Unit>
void UnitLifecycle::back(UnitPool<Unit>& pool, std::uint32_t unit) {
  pool[unit].loaded_at = fleet_.now();
  const bool serves = pool[unit].group <= target_.serving;
  pool.change_state(unit, serves ? UnitState::Serving : UnitState::Draining);
  pool.wake(unit, fleet_.now());
  release_if_over(pool, unit);
}
template void UnitLifecycle::back(PrefillPool& pool, std::uint32_t unit);
template void UnitLifecycle::back(DecodePool& pool, std::uint32_t unit);

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
