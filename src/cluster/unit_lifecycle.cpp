#include "epfleet/cluster/unit_lifecycle.h"

#include <algorithm>

#include "epfleet/base/error.h"

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
Kind loaded_event(const PrefillPool& /*pool*/) { return Kind::PrefillLoaded; }
Kind loaded_event(const DecodePool& /*pool*/) { return Kind::DecodeLoaded; }

template <class Unit>
bool is_among(const UnitPool<Unit>& pool, std::uint32_t unit, const UnitCounts& counts) {
  return std::int64_t{unit} < count_in(pool, counts);
}

bool no_more(const UnitCounts& a, const UnitCounts& b) { return policy::most(a, b) == b; }

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
  serve_at_once(fleet_.prefill, first.allotted);
  serve_at_once(fleet_.decode, first.allotted);
  target_ = {first.allotted, first.allotted};
  aim_at(first);
}

template <class Unit>
void UnitLifecycle::serve_at_once(UnitPool<Unit>& pool, const UnitCounts& allotted) {
  for (std::uint32_t unit = 0; is_among(pool, unit, allotted); ++unit) {
    pool.change_state(unit, UnitState::Serving);
  }
}

void UnitLifecycle::decide() { aim_at(next_target()); }

policy::Target UnitLifecycle::next_target() {
  const base::TimePoint now = fleet_.now();
  const policy::Target target = rule_.decide(
      {.target = target_, .prefill = view_of(fleet_.prefill), .decode = view_of(fleet_.decode)},
      now);
  EPFLEET_CHECK(no_more({}, target.serving) && no_more(target.serving, target.allotted) &&
                    no_more(target.allotted, rule_.most_units()) && target.next > now,
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

template <class Unit>
void UnitLifecycle::load(UnitPool<Unit>& pool, std::uint32_t unit) {
  pool[unit].loaded_at = fleet_.now() + fleet_.spec.scaling.start_up;
  pool.change_state(unit, UnitState::Loading);
  fleet_.schedule(pool[unit].loaded_at, Phase::Decision, loaded_event(pool), unit);
}

template <class Unit>
void UnitLifecycle::release_if_over(UnitPool<Unit>& pool, std::uint32_t unit) {
  const UnitState state = pool.state(unit);
  const bool leaving =
      state == UnitState::Draining || state == UnitState::Loading || state == UnitState::Down;
  if (leaving && !is_among(pool, unit, target_.allotted) && pool[unit].unit.empty()) {
    pool.change_state(unit, UnitState::Off);
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

// One that is not to serve is soon to be released, and never opens; one that was released and
// allotted again meanwhile has a later loading.
template <class Unit>
void UnitLifecycle::loaded(UnitPool<Unit>& pool, std::uint32_t unit) {
  if (is_among(pool, unit, target_.serving) && pool.state(unit) == UnitState::Loading &&
      pool[unit].loaded_at == fleet_.now()) {
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
