// Units coming and going in groups. An up step: the group is allotted and loads, then serves. A
// down step is allotment too: the highest groups drain a little before it, so that they are empty
// when it comes; one that is not stays allotted, and charged, until it is. Steps may be closer
// together than that: a group that a later step has begun to drain takes no requests in between.
#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/cluster/fleet.h"

namespace epfleet::cluster {

using engine::Phase;
using serving::LiveRequest;
using serving::Slot;

namespace {

// 0: base units; g >= 1: the g-th group.
std::uint32_t group_of(std::uint32_t unit, std::int64_t base, std::int64_t per_group) {
  return unit < base ? 0 : static_cast<std::uint32_t>((unit - base) / per_group + 1);
}

}  // namespace

std::uint32_t Fleet::group_of_prefill(std::uint32_t unit) const {
  return group_of(unit, spec_.fleet.base.prefill_units, spec_.fleet.group.prefill_units);
}

std::uint32_t Fleet::group_of_decode(std::uint32_t unit) const {
  return group_of(unit, spec_.fleet.base.decode_units, spec_.fleet.group.decode_units);
}

void Fleet::start_initial_units() {
  allotted_groups_ = target_groups_ = allotment_.initial_groups;
  group_loaded_at_.resize(static_cast<std::size_t>(allotment_.most_groups()) + 1);
  for (std::uint32_t unit = 0; unit < prefill_.size(); ++unit) {
    if (group_of_prefill(unit) <= allotted_groups_) {
      prefill_.clock(unit).change_state(engine_.now(), UnitState::Serving);
      prefill_.open(unit);
    }
  }
  for (std::uint32_t unit = 0; unit < decode_.size(); ++unit) {
    if (group_of_decode(unit) <= allotted_groups_) {
      decode_.clock(unit).change_state(engine_.now(), UnitState::Serving);
      decode_.open(unit);
    }
  }
}

void Fleet::schedule_allotment() {
  std::int64_t groups = allotment_.initial_groups;
  for (std::uint32_t i = 0; i < allotment_.changes.size(); ++i) {
    const AllotmentChange& change = allotment_.changes[i];
    if (change.groups < groups) {
      schedule(std::max(change.at - spec_.scaling.drain_lead, spec_.run_start()), Phase::Decision,
               Kind::DrainGroups, i);
    }
    schedule(change.at, Phase::Decision, Kind::AllotGroups, i);
    groups = change.groups;
  }
}

void Fleet::drain_groups(std::size_t change) {
  target_groups_ = std::min(target_groups_, allotment_.changes[change].groups);
  // Close everything first: what leaves one unit must not go to another that leaves too.
  std::vector<std::uint32_t> prefill_units;
  std::vector<std::uint32_t> decode_units;
  for (std::uint32_t unit = 0; unit < prefill_.size(); ++unit) {
    if (group_of_prefill(unit) > target_groups_ && prefill_.clock(unit).state() != UnitState::Off) {
      prefill_.clock(unit).change_state(engine_.now(), UnitState::Draining);
      prefill_.close(unit);
      prefill_units.push_back(unit);
    }
  }
  for (std::uint32_t unit = 0; unit < decode_.size(); ++unit) {
    if (group_of_decode(unit) > target_groups_ && decode_.clock(unit).state() != UnitState::Off) {
      decode_.clock(unit).change_state(engine_.now(), UnitState::Draining);
      decode_.close(unit);
      decode_units.push_back(unit);
    }
  }
  for (const std::uint32_t unit : prefill_units) {
    drain_prefill(unit);
  }
  for (const std::uint32_t unit : decode_units) {
    drain_decode(unit);
  }
}

// What waits goes elsewhere at once; what runs finishes its step.
void Fleet::drain_prefill(std::uint32_t unit) {
  std::vector<Slot> queued;
  prefill_.unit(unit).evict_queued(queued);
  prefill_.refresh_load(unit);
  for (const Slot slot : queued) {
    const std::uint32_t other = prefill_.route(slot, engine_.now(), pool_[slot].kv_ready);
    wake_prefill(other, pool_[slot].kv_ready);
  }
  if (!prefill_.unit(unit).stepping()) {
    leave_drained_prefill(unit);
  }
}

void Fleet::leave_drained_prefill(std::uint32_t unit) {
  const base::TimePoint now = engine_.now();
  std::vector<Slot> halfway;
  prefill_.unit(unit).evict_all(halfway);
  prefill_.refresh_load(unit);
  for (const Slot slot : halfway) {  // they take the KV that they have along
    const LiveRequest& live = pool_[slot];
    const base::Bytes bytes(live.computed_to * kv_bytes_per_token_);
    const base::TimePoint moved = prefill_.nic(unit, live.prefill_gpu).reserve(now, bytes);
    const std::uint32_t other = prefill_.route(slot, now, moved);
    wake_prefill(other, live.kv_ready);
  }
  release_if_over(group_of_prefill(unit) > allotted_groups_, prefill_.clock(unit), true);
}

void Fleet::drain_decode(std::uint32_t unit) {
  if (!decode_.unit(unit).stepping()) {
    leave_drained_decode(unit);
  }
}

void Fleet::leave_drained_decode(std::uint32_t unit) {
  const base::TimePoint now = engine_.now();
  if (spec_.scaling.drain == DrainMode::Migrate) {
    std::vector<Slot> evicted;
    decode_.evict_all(unit, evicted);
    for (const Slot slot : evicted) {
      hand_to_decode(slot, decode_.nic(unit, pool_[slot].decode_gpu));
    }
  } else if (!decode_.empty(unit)) {
    wake_decode(unit, now);
  }
  release_if_over(group_of_decode(unit) > allotted_groups_, decode_.clock(unit),
                  decode_.empty(unit));
}

void Fleet::release_if_over(bool over, UnitClock& clock, bool empty) {
  const bool leaving = clock.state() == UnitState::Draining || clock.state() == UnitState::Loading;
  if (over && empty && leaving) {
    clock.change_state(engine_.now(), UnitState::Off);
  }
}

// The allotment, less what steps after `change` have begun to drain by now.
std::int64_t Fleet::groups_to_serve(std::size_t change) const {
  std::int64_t groups = allotted_groups_;
  for (std::size_t later = change + 1; later < allotment_.changes.size(); ++later) {
    if (allotment_.changes[later].at - spec_.scaling.drain_lead > engine_.now()) {
      break;
    }
    groups = std::min(groups, allotment_.changes[later].groups);
  }
  return groups;
}

void Fleet::allot_groups(std::size_t change) {
  const std::int64_t before = allotted_groups_;
  allotted_groups_ = allotment_.changes[change].groups;
  target_groups_ = groups_to_serve(change);
  const base::TimePoint now = engine_.now();
  for (std::uint32_t unit = 0; unit < prefill_.size(); ++unit) {
    UnitClock& clock = prefill_.clock(unit);
    release_if_over(group_of_prefill(unit) > allotted_groups_, clock, prefill_.unit(unit).empty());
    if (group_of_prefill(unit) <= allotted_groups_ && clock.state() == UnitState::Off) {
      clock.change_state(now, UnitState::Loading);
    } else if (group_of_prefill(unit) <= target_groups_ && clock.state() == UnitState::Draining) {
      clock.change_state(now, UnitState::Serving);  // wanted again before it was empty
      prefill_.open(unit);
    }
  }
  for (std::uint32_t unit = 0; unit < decode_.size(); ++unit) {
    UnitClock& clock = decode_.clock(unit);
    release_if_over(group_of_decode(unit) > allotted_groups_, clock, decode_.empty(unit));
    if (group_of_decode(unit) <= allotted_groups_ && clock.state() == UnitState::Off) {
      clock.change_state(now, UnitState::Loading);
    } else if (group_of_decode(unit) <= target_groups_ && clock.state() == UnitState::Draining) {
      clock.change_state(now, UnitState::Serving);
      decode_.open(unit);
    }
  }
  for (std::int64_t group = before + 1; group <= allotted_groups_; ++group) {
    group_loaded_at_[static_cast<std::size_t>(group)] = now + spec_.scaling.start_up;
    schedule(now + spec_.scaling.start_up, Phase::Decision, Kind::GroupLoaded,
             static_cast<std::uint32_t>(group));
  }
}

void Fleet::group_loaded(std::uint32_t group) {
  if (group_loaded_at_[group] != engine_.now()) {
    return;  // released and allotted again meanwhile: a later loading counts
  }
  if (group > target_groups_) {
    return;  // the next step takes it away: it never opens
  }
  for (std::uint32_t unit = 0; unit < prefill_.size(); ++unit) {
    if (group_of_prefill(unit) == group && prefill_.clock(unit).state() == UnitState::Loading) {
      prefill_.clock(unit).change_state(engine_.now(), UnitState::Serving);
      prefill_.open(unit);
    }
  }
  for (std::uint32_t unit = 0; unit < decode_.size(); ++unit) {
    if (group_of_decode(unit) == group && decode_.clock(unit).state() == UnitState::Loading) {
      decode_.clock(unit).change_state(engine_.now(), UnitState::Serving);
      decode_.open(unit);
    }
  }
}

}  // namespace epfleet::cluster
