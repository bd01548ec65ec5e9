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
  Down,      // allotted; a failure stopped it, from then until it serves again
};
inline constexpr std::size_t kUnitStates = 5;

// The life of a unit: kUnitMoves[from][to].
inline constexpr std::array<std::array<bool, kUnitStates>, kUnitStates> kUnitMoves = {{
    // Off    Loading Serving Draining Down
    {{false, true, true, false, false}},  // Off: allotted; at once in service at a run's start
    {{true, false, true, true, true}},    // Loading: released, loaded, or soon to be released
    {{false, false, false, true, true}},  // Serving: only a drained unit is released
    {{true, true, true, false, true}},    // Draining: released, or called back
    {{true, false, true, true, false}},   // Down: released, whole again, or no longer wanted
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
  // Of its GPUs so many are lost; the others go on.
  void change_masked(base::TimePoint now, std::int64_t gpus) {
    account(now);
    masked_gpus_ = gpus;
  }
  [[nodiscard]] UnitState state() const { return state_; }
  [[nodiscard]] std::int64_t nodes() const { return nodes_; }

  // Node time up to `now`.
  [[nodiscard]] const observe::FleetSample::NodeTime& read(base::TimePoint now) {
    account(now);
    return time_;
  }
  // GPU time that was lost while the others went on, up to the last reading.
  [[nodiscard]] std::int64_t masked_gpu_ns() const { return masked_gpu_ns_; }

 private:
  void account(base::TimePoint now) {
    const std::int64_t node_ns = (now - since_).count() * nodes_;
    masked_gpu_ns_ += state_ == UnitState::Down ? 0 : (now - since_).count() * masked_gpus_;
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
      case UnitState::Down:
        time_.down += node_ns;
        break;
    }
  }

  std::int64_t nodes_;
  base::TimePoint since_;
  UnitState state_ = UnitState::Off;
  bool busy_ = false;
  std::int64_t masked_gpus_ = 0, masked_gpu_ns_ = 0;
  observe::FleetSample::NodeTime time_;
};

}  // namespace epfleet::cluster
