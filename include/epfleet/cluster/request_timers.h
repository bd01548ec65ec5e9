// Ends requests whose time is up: the deadlines of the service, and users who give up. A request
// that a running step works on leaves at its end, any other at once.
// Modelled: prefill must have begun by the start deadline, the last token must have come by the
//   total one; the patience of a user is exponential (as in M/M/n+M, "Erlang A") and ends with the
//   first token. What was computed and sent until then stays counted.
// Left out: users who give up while an answer is being written.
// Source: DeepSeek's API notes: closed if inference has not started after 10 min, or not finished
//   after 30 min.
//
// Deadlines come due in the order of arrivals: a line of all watched requests each, of which only
// the first one still in service has an event. Who has long been served is dropped from the line
// when it comes up, so watching costs a request two short entries.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/cluster/request_endings.h"

namespace epfleet::cluster {

class RequestTimers {
 public:
  // Both must outlive this.
  RequestTimers(FleetState& fleet, RequestEndings& endings);

  [[nodiscard]] bool watch_any() const { return watch_any_; }
  void watch(serving::RequestSlot slot);  // it was let in
  void ring();                            // the event has come

 private:
  // A slot is used again: the request that was meant is the one that arrived then.
  struct Watched {
    base::TimePoint arrival;
    serving::RequestSlot slot;
  };
  struct Due {
    base::TimePoint at;
    Watched who;
    observe::Ending ending;
    bool decided;  // its time was up before: it leaves, whatever it has got meanwhile
    bool operator>(const Due& other) const {
      return at != other.at ? at > other.at : who.slot > other.who.slot;
    }
  };

  [[nodiscard]] bool in_service(const Watched& who) const;
  [[nodiscard]] bool still_waits(const Watched& who) const;  // for prefill to begin
  [[nodiscard]] bool holds(const Due& due) const;
  void end_due();
  void end(const Due& due);
  [[nodiscard]] std::optional<base::TimePoint> running_step_end(
      const serving::LiveRequest& live) const;
  void take_out(serving::RequestSlot slot);
  [[nodiscard]] base::TimePoint next();
  void set_alarm(base::TimePoint at);

  FleetState& fleet_;
  RequestEndings& endings_;
  const AdmissionConfig& config_;
  bool watch_any_;
  base::StreamFamily patience_;
  std::deque<Watched> unstarted_, unfinished_;  // in order of arrival
  std::priority_queue<Due, std::vector<Due>, std::greater<>> others_;
  base::TimePoint alarm_ = base::TimePoint::max();  // max: no event is scheduled
  engine::EventId event_{};
};

}  // namespace epfleet::cluster
