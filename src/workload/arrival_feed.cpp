#include "epfleet/workload/arrival_feed.h"

#include <algorithm>
#include <utility>

#include "epfleet/base/error.h"

namespace epfleet::workload {

using base::Baton;

namespace {

// Of a source that no completion brings anything back to: long against the cost of a hand-over.
constexpr base::Duration kLongestSlice = std::chrono::seconds(1);

}  // namespace

ArrivalFeed::ArrivalFeed(Source& source, bool threads)
    : source_(source), slice_(std::min(source.shortest_return() / 2, kLongestSlice)) {
  EPFLEET_CHECK(slice_ > base::Duration(0), "a session returns some time after it was answered");
  if (threads) {
    drawer_.emplace([this] { serve(); });
  }
}

ArrivalFeed::~ArrivalFeed() {
  if (drawer_) {
    baton_.wait_while(Baton::Owner::Worker);
    baton_.pass_to(Baton::Owner::Nobody);
  }
}

void ArrivalFeed::start(base::TimePoint start) {
  end_ = start;
  ask_for_next();
  open_next();
}

void ArrivalFeed::open_next() {
  EPFLEET_CHECK(front() == nullptr, "a slice is over when its requests have arrived");
  wait_for_next();
  open_.swap(drawn_);
  at_ = 0;
  end_ += slice_;
  EPFLEET_CHECK(open_.empty() || open_.back().arrival < end_, "a slice holds its own requests");
  ask_for_next();
}

// The completions of the slice that was just closed return to the source before it draws the slice
// after the one that was just opened.
void ArrivalFeed::ask_for_next() {
  returned_.swap(done_);
  done_.clear();
  drawn_until_ = end_ + slice_;
  if (!drawer_) {
    draw(drawn_until_);
    return;
  }
  baton_.pass_to(Baton::Owner::Worker);
}

void ArrivalFeed::wait_for_next() {
  if (!drawer_) {
    return;
  }
  baton_.wait_while(Baton::Owner::Worker);
  if (trouble_) {
    std::rethrow_exception(trouble_);
  }
}

void ArrivalFeed::draw(base::TimePoint until) {
  for (const Completion& completion : returned_) {
    source_.complete(completion.request, completion.done);
  }
  drawn_.clear();
  for (auto next = source_.next_arrival(); next && *next < until; next = source_.next_arrival()) {
    drawn_.push_back(source_.take());
  }
}

void ArrivalFeed::serve() {
  while (baton_.wait_while(Baton::Owner::Caller) == Baton::Owner::Worker) {
    try {
      draw(drawn_until_);
    } catch (...) {
      trouble_ = std::current_exception();
    }
    baton_.pass_to(Baton::Owner::Caller);
  }
}

}  // namespace epfleet::workload
