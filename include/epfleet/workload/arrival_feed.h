// A source's requests, handed out slice by slice of simulated time and drawn one slice ahead of the
// clock, beside the caller if there is a worker: the same requests either way.
// Why that is exact: a request that completes brings its session back no sooner than
// Source::shortest_return() later, and a slice is half as long. What arrives in a slice therefore
// does not depend on what completes in it or in the slice before: it can be drawn while that one is
// being simulated, from the completions of all earlier ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/base/worker.h"
#include "epfleet/workload/source.h"

namespace epfleet::workload {

class ArrivalFeed {
 public:
  // `source` must outlive the feed and is the feed's alone from start() on; so must `worker`, which
  // draws ahead; none: the caller draws.
  ArrivalFeed(Source& source, base::Worker* worker);
  ArrivalFeed(const ArrivalFeed&) = delete;
  ArrivalFeed& operator=(const ArrivalFeed&) = delete;
  ~ArrivalFeed();

  [[nodiscard]] const Source& source() const { return source_; }

  // Opens the first slice, which begins at `start`. The source's warm extents are gone then.
  void start(base::TimePoint start);

  // The next request of the open slice; nullptr: there is none left in it. Valid until the
  // next slice is opened.
  [[nodiscard]] const Request* front() const { return at_ < open_.size() ? &open_[at_] : nullptr; }
  // Those of the open slice after the next `ahead`, at most `count`.
  [[nodiscard]] std::span<const Request> upcoming(std::size_t ahead, std::size_t count) const {
    const std::size_t from = std::min(at_ + ahead, open_.size());
    return std::span(open_).subspan(from, std::min(count, open_.size() - from));
  }
  void pop() { ++at_; }
  [[nodiscard]] std::size_t taken() const { return at_; }  // of the open slice

  // When the next slice begins, and its opening, which hands the completions so far to the source.
  // REQUIRES for both: start(); for the opening: front() is nullptr, the clock is at next_slice().
  [[nodiscard]] base::TimePoint next_slice() const { return end_; }
  void open_next();

  // As Source::complete(). REQUIRES: `done` is in the open slice.
  void complete(const Request& request, base::TimePoint done) { done_.emplace_back(request, done); }

  // Those of the source; waits until it is at rest. `in_service`: requests that were popped here
  // and not completed.
  void check_sums(base::SumCheck& check, std::int64_t in_service) const;

 private:
  struct Completion {
    Completion(const Request& completed, base::TimePoint when) : request(completed), done(when) {}
    Request request;
    base::TimePoint done;
  };

  void draw();
  void ask_for_next();

  Source& source_;
  base::Worker* worker_;
  base::Duration slice_;
  base::TimePoint end_;  // of the open slice
  std::vector<Request> open_;
  std::size_t at_ = 0;
  std::vector<Completion> done_;

  // The slice after the open one; the worker's until the ticket was waited for. On a line of the
  // processor's cache that the caller does not write: else each takes it from the other, request by
  // request.
  alignas(64) base::TimePoint drawn_until_;
  std::vector<Request> drawn_;
  std::vector<Completion> returned_;
  base::Worker::Ticket drawing_ = 0;
};

}  // namespace epfleet::workload
