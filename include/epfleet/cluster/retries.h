// Clients that come again: after the n-th refusal or failure of a request back_off x 2^(n - 1)
// later, less a random part of up to a quarter, as the SDKs of OpenAI and others do.
// Every attempt is a request of its own for all that is counted, with the arrival of the attempt;
// its id, its session and its lengths stay.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/observe/endings.h"
#include "epfleet/workload/stored_extent.h"

namespace epfleet::cluster {

class Retries {
 public:
  explicit Retries(FleetState& fleet);  // must outlive this

  // Whether it comes again after this ending; if so, it will arrive by an event, with `own`.
  bool comes_again(const serving::LiveRequest& live, observe::Ending ending,
                   const workload::StoredExtent& own) {
    return observe::row_of(ending).may_come_again && back_off(live, own);
  }

  struct Attempt {
    workload::Request request;
    workload::StoredExtent own;  // what the store has of its session
    std::uint8_t number = 0;     // 1: the first repetition
    bool window_client = false;  // the first attempt arrived in the window
    bool operator>(const Attempt& other) const {
      return request.arrival != other.request.arrival ? request.arrival > other.request.arrival
                                                      : request.id > other.request.id;
    }
  };
  // One that arrives now; none: no more, and the event of the next one is set.
  [[nodiscard]] std::optional<Attempt> take();
  [[nodiscard]] std::int64_t to_come() const { return static_cast<std::int64_t>(waiting_.size()); }

 private:
  bool back_off(const serving::LiveRequest& live, const workload::StoredExtent& own);
  void set_alarm();

  FleetState& fleet_;
  base::StreamFamily jitter_;
  std::priority_queue<Attempt, std::vector<Attempt>, std::greater<>> waiting_;
  base::TimePoint alarm_ = base::TimePoint::max();  // max: no event is scheduled
  engine::EventId event_{};
};

}  // namespace epfleet::cluster
