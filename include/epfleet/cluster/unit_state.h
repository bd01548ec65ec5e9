// What a unit is doing, which changes of that are possible, and its node time by it.
#pragma once

#include <array>
#include <cstdint>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/observe/facts.h"

namespace epfleet::cluster {

enum class UnitState : std::uint8_t {
  Off,       // not allotted: released to training
  Loading,   // allotted; weights from the store, warm-up
  Serving,   // takes requests
  Draining,  // allotted; takes no new requests
};
inline constexpr std::size_t kUnitStates = 4;

// The life of a unit: kUnitMoves[from][to].
inline constexpr std::array<std::array<bool, kUnitStates>, kUnitStates> kUnitMoves = {{
    // Off    Loading Serving Draining
    {{false, true, true, false}},   // Off: allotted; at once in service at the start of a run
    {{true, false, true, true}},    // Loading: released, loaded, or soon to be released
    {{false, false, false, true}},  // Serving: only a drained unit is released
    {{true, true, true, false}},    // Draining: released, or called back
}};

[[nodiscard]] constexpr bool may_move(UnitState from, UnitState to) {
  return kUnitMoves[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

// Exact: integer nanoseconds times nodes, added at every change.
class UnitClock {
 public:
  UnitClock(std::int64_t nodes, base::TimePoint start) : nodes_(nodes), since_(start) {}

  void change_state(base::TimePoint now, UnitState state) {
    EPFLEET_CHECK(may_move(state_, state), "a unit goes from one state to a possible next one");
    account(now);
    state_ = state;
  }
  void change_busy(base::TimePoint now, bool busy) {
    account(now);
    busy_ = busy;
  }
  [[nodiscard]] UnitState state() const { return state_; }
  [[nodiscard]] std::int64_t nodes() const { return nodes_; }

  // Node time up to `now`.
  [[nodiscard]] const observe::FleetSample::NodeTime& read(base::TimePoint now) {
    account(now);
    return time_;
  }

 private:
  void account(base::TimePoint now) {
    const std::int64_t node_ns = (now - since_).count() * nodes_;
    since_ = now;
    switch (state_) {
      case UnitState::Off:
        break;
      case UnitState::Loading:
        time_.loading += node_ns;
        break;
      case UnitState::Serving:
        (busy_ ? time_.busy : time_.idle) += node_ns;
        break;
      case UnitState::Draining:
        time_.draining += node_ns;
        break;
    }
  }

  std::int64_t nodes_;
  base::TimePoint since_;
  UnitState state_ = UnitState::Off;
  bool busy_ = false;
  observe::FleetSample::NodeTime time_;
};

}  // namespace epfleet::cluster
