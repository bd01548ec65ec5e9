// The node time of one unit by what it does. Exact: integer nanoseconds times nodes, added at every
// change.
#pragma once

#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/observe/facts.h"

namespace epfleet::cluster {

enum class UnitState : std::uint8_t {
  Off,      // not allotted: released to training
  Loading,  // allotted; weights from the store, warm-up
  Serving,
  Draining,  // allotted; takes no new requests
};

class UnitClock {
 public:
  UnitClock(std::int64_t nodes, base::TimePoint start) : nodes_(nodes), since_(start) {}

  void change_state(base::TimePoint now, UnitState state) {
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
