// All units of one phase: prefill and decode differ by what a unit does, not by how it is kept.
// The pool owns each unit's state and node time, the list of those that take requests, what the
// balancer knows of their load, and their events: at most one wake-up and one end of a step each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/cluster/unit_state.h"
#include "epfleet/engine/engine.h"
#include "epfleet/serving/link.h"

namespace epfleet::cluster {

// A unit with all that belongs to it alone.
template <class Unit>
struct PoolMember {
  std::unique_ptr<typename Unit::GpuRule> gpu_rule;  // a rule's state belongs to its unit
  Unit unit;
  UnitClock clock;
  std::vector<serving::Link> rdma;                         // by GPU
  std::vector<serving::Link> storage_read, storage_write;  // by node; both at full rate
  base::TimePoint loaded_at = base::TimePoint::min();      // when its last loading ends
  // Of a phase's units those of the lowest ranks are allotted: at first its index; one that is down
  // goes behind the others that are.
  std::uint32_t rank = 0;
  std::uint64_t starts = 0;  // so far
  bool start_fails = false;  // the one under way
  base::TimePoint next_report = base::TimePoint::min();
  base::TimePoint wake_at = base::TimePoint::max();  // max: no wake-up is scheduled
  engine::EventId wake_up{}, step_end{};
  std::uint32_t releases = 0;  // how often it was given back: its hardware is then another
};

template <class Unit>
class UnitPool {
 public:
  using Member = PoolMember<Unit>;
  struct EventKinds {
    engine::EventKind start, step_end;  // both with the unit's index as target
  };

  // `report_age`: time between two reports of a unit's load to the balancer.
  UnitPool(engine::Engine& engine, EventKinds kinds, base::Duration report_age,
           std::vector<Member> members)
      : engine_(engine),
        kinds_(kinds),
        report_age_(report_age),
        members_(std::move(members)),
        loads_(members_.size()) {}

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(members_.size()); }
  [[nodiscard]] Member& operator[](std::uint32_t index) { return members_[index]; }
  [[nodiscard]] const Member& operator[](std::uint32_t index) const { return members_[index]; }
  [[nodiscard]] auto begin() { return members_.begin(); }
  [[nodiscard]] auto end() { return members_.end(); }

  // --- State: only a serving unit is open to new requests. ---
  [[nodiscard]] UnitState state(std::uint32_t index) const { return members_[index].clock.state(); }
  void change_state(std::uint32_t index, UnitState state) {
    members_[index].clock.change_state(engine_.now(), state);
    if (state == UnitState::Off) {
      ++members_[index].releases;
      make_whole(index);
    }
    close(index);
    if (state == UnitState::Serving) {
      loads_.open(index);
    }
  }
  [[nodiscard]] bool any_open() const { return loads_.any_open(); }
  // A failure stops the unit: its step never ends, and none begins. Nobody knows yet: it stays open
  // to requests if it was, until it is closed.
  void stop(std::uint32_t index) {
    Member& member = members_[index];
    if (member.unit.stepping()) {
      cancel_step(index);
    }
    if (member.wake_at != base::TimePoint::max()) {
      engine_.cancel(member.wake_up);
      member.wake_at = base::TimePoint::max();
    }
    member.clock.change_state(engine_.now(), UnitState::Down);
  }
  void close(std::uint32_t index) { loads_.close(index); }
  // It has all its GPUs, at full speed.
  void make_whole(std::uint32_t index) {
    Member& member = members_[index];
    member.unit.make_whole();
    member.clock.change_masked(engine_.now(), 0);
    for (serving::Link& nic : member.rdma) {
      nic.set_share(1.0);
    }
  }
  [[nodiscard]] std::int64_t nodes_allotted() const {
    std::int64_t nodes = 0;
    for (const Member& member : members_) {
      nodes += member.clock.state() == UnitState::Off ? 0 : member.clock.nodes();
    }
    return nodes;
  }

  // --- Load, as the balancer knows it: as of the last report, and what was placed since. ---
  [[nodiscard]] const typename Unit::Loads& kept_loads() const { return loads_; }
  [[nodiscard]] bool reports_age() const { return report_age_ > base::Duration::zero(); }
  [[nodiscard]] const auto& loads_of_open() {
    if (reports_age()) {
      take_due_reports();
    }
    return loads_.view();
  }
  template <class A, class B>
  void note_placed(std::uint32_t index, A first, B second) {  // as Unit::Loads::add
    loads_.add(index, first, second);
  }
  // After the unit's load changed: its report is due unless reports age.
  void refresh_load(std::uint32_t index) {
    if (!reports_age()) {
      members_[index].unit.report_load(loads_);
    }
  }

  // --- Steps ---
  // The unit tries to start a step at `at`, if it is not woken earlier or in a step until then.
  void wake(std::uint32_t index, base::TimePoint at) {
    Member& member = members_[index];
    if (member.unit.stepping() || member.clock.state() == UnitState::Down) {
      return;  // the step's end wakes it, or who repairs it
    }
    at = std::max(at, engine_.now());
    if (member.wake_at <= at) {
      return;
    }
    if (member.wake_at != base::TimePoint::max()) {
      engine_.cancel(member.wake_up);
    }
    member.wake_at = at;
    member.wake_up = engine_.at(at, engine::Phase::Start, kinds_.start, index);
  }
  // The wake-up has come.
  void start_step(std::uint32_t index) {
    Member& member = members_[index];
    member.wake_at = base::TimePoint::max();
    const base::TimePoint now = engine_.now();
    if (const auto duration = member.unit.start_step(now)) {
      member.clock.change_busy(now, true);
      member.step_end =
          engine_.at(now + *duration, engine::Phase::Completion, kinds_.step_end, index);
    } else if (const auto ready = member.unit.next_ready(now)) {
      wake(index, *ready);
    }
  }
  // The unit has finished its step.
  void step_ended(std::uint32_t index) { members_[index].clock.change_busy(engine_.now(), false); }
  // The running step is given up: its end never comes.
  void cancel_step(std::uint32_t index) {
    engine_.cancel(members_[index].step_end);
    members_[index].unit.abort_step(engine_.now());
    step_ended(index);
  }

 private:
  void take_due_reports() {
    for (const std::uint32_t index : loads_.view().open) {
      Member& member = members_[index];
      if (member.next_report <= engine_.now()) {
        member.unit.report_load(loads_);
        member.next_report = engine_.now() + report_age_;
      }
    }
  }

  engine::Engine& engine_;
  EventKinds kinds_;
  base::Duration report_age_;
  std::vector<Member> members_;
  typename Unit::Loads loads_;
};

}  // namespace epfleet::cluster
