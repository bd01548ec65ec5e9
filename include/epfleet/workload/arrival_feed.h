// A source's requests, handed out slice by slice of simulated time and drawn one slice ahead of the
// clock, beside the caller if there is a worker and enough to draw: the same requests either way.
// Why that is exact: a request that completes brings its session back no sooner than
// Source::shortest_return() later, and a slice is half as long. What arrives in a slice therefore
// does not depend on what completes in it or in the slice before: it can be drawn while that one is
// being simulated, from the completions of all earlier ones.
// What the KV store has of a session sleeps here with it, if asked to: nobody else may change it
// between a completion and the session's next arrival, and a slice's are fetched from memory
// together.
#pragma once

#include <cstddef>
#include <vector>

#include "epfleet/base/huge_pages.h"
#include "epfleet/base/time.h"
#include "epfleet/base/worker.h"
#include "epfleet/workload/source.h"
#include "epfleet/workload/stored_extent.h"

namespace epfleet::workload {

class ArrivalFeed {
 public:
  // Requests that arrive and come back in a slice. After fewer, to draw the next slice takes no
  // longer than to hand it over and to wait, which on a busy machine is a turn of the scheduler. A
  // guess, plausible 8 to 128: drawing takes some 0.4 us a request, waking some 5 us.
  static constexpr std::size_t kWorthAHandOver = 32;

  // `source` must outlive the feed and is the feed's alone from start() on; so must `worker`, which
  // draws ahead where `worth_a_hand_over` requests or more say so; none: the caller draws.
  ArrivalFeed(Source& source, base::Worker* worker,
              std::size_t worth_a_hand_over = kWorthAHandOver);
  ArrivalFeed(const ArrivalFeed&) = delete;
  ArrivalFeed& operator=(const ArrivalFeed&) = delete;
  ~ArrivalFeed();

  [[nodiscard]] const Source& source() const { return source_; }

  // The feed keeps what the store has of sessions while they sleep; `asleep`: at first, by slot.
  // REQUIRES: before start(); the source's sessions do not overlap.
  void carry(base::HugeVector<StoredExtent> asleep);

  // Opens the first slice, which begins at `start`. The source's warm extents are gone then.
  void start(base::TimePoint start);

  // The next request of the open slice; nullptr: there is none left in it. Valid until the
  // next slice is opened.
  [[nodiscard]] const Request* front() const { return at_ < open_.size() ? &open_[at_] : nullptr; }
  // What the store has of its session, if the feed carries that. REQUIRES: front() is not nullptr.
  [[nodiscard]] StoredExtent front_extent() const {
    return carries_ ? open_extents_[at_] : StoredExtent{};
  }
  void pop() { ++at_; }

  // When the next slice begins, and its opening, which hands the completions so far to the source.
  // REQUIRES for both: start(); for the opening: front() is nullptr, the clock is at next_slice().
  [[nodiscard]] base::TimePoint next_slice() const { return end_; }
  void open_next();

  // As Source::complete(); `own`: what the store now has of its session. REQUIRES: `done` is in the
  // open slice.
  void complete(const Request& request, base::TimePoint done, const StoredExtent& own = {}) {
    done_.emplace_back(request, done, own);
  }

  // Those of the source; waits until it is at rest. `in_service`: requests that were popped here
  // and not completed.
  void check_sums(base::SumCheck& check, std::int64_t in_service) const;
  // Those that are carried and not with requests that were popped, to `extents`. Waits likewise.
  void add_extents(std::vector<StoredExtent>& extents) const;

 private:
  struct Completion {
    Completion(const Request& completed, base::TimePoint when, const StoredExtent& kept)
        : request(completed), done(when), own(kept) {}
    Request request;
    base::TimePoint done;
    StoredExtent own;
  };

  void draw();
  void return_completions();
  void wake_drawn();
  void fetch(const Request& request) const;
  void wait() const;
  void ask_for_next();

  Source& source_;
  base::Worker* worker_;
  std::size_t worth_a_hand_over_;
  base::Duration slice_;
  bool carries_ = false;
  base::TimePoint end_;  // of the open slice
  std::vector<Request> open_;
  std::vector<StoredExtent> open_extents_;  // of these requests' sessions, if carried
  std::size_t at_ = 0;
  std::vector<Completion> done_;

  // The slice after the open one; the worker's until the ticket was waited for. On a line of the
  // processor's cache that the caller does not write: else each takes it from the other, request by
  // request.
  alignas(64) base::TimePoint drawn_until_;
  std::vector<Request> drawn_;
  std::vector<StoredExtent> drawn_extents_;
  base::HugeVector<StoredExtent> asleep_;  // [session slot]; of one that is awake: nothing
  std::vector<Completion> returned_;
  base::Worker::Ticket drawing_ = 0;
};

}  // namespace epfleet::workload
