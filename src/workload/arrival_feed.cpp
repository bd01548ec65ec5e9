#include "epfleet/workload/arrival_feed.h"

#include <fmt/core.h>

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::workload {

namespace {

// Of a source that no completion brings anything back to: long against the cost of a hand-over.
constexpr std::size_t kMostInSlice = 5'000'000;  // half a gigabyte
constexpr base::Duration kLongestSlice = std::chrono::seconds(1);

}  // namespace

ArrivalFeed::ArrivalFeed(Source& source, base::Worker* worker)
    : source_(source),
      worker_(worker),
      slice_(std::min(source.shortest_return() / 2, kLongestSlice)) {
  EPFLEET_CHECK(slice_ > base::Duration(0), "a session returns some time after it was answered");
}

ArrivalFeed::~ArrivalFeed() {
  if (worker_ != nullptr) {
    worker_->settle(drawing_);
  }
}

void ArrivalFeed::start(base::TimePoint start) {
  end_ = start;
  source_.forget_warm_extents();
  ask_for_next();
  open_next();
}

void ArrivalFeed::open_next() {
  EPFLEET_CHECK(front() == nullptr, "a slice is over when its requests have arrived");
  if (worker_ != nullptr) {
    worker_->wait(drawing_);
  }
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
  if (worker_ != nullptr) {
    drawing_ = worker_->start([this] { draw(); });
  } else {
    draw();
  }
}

void ArrivalFeed::check_sums(base::SumCheck& check, std::int64_t in_service) const {
  if (worker_ != nullptr) {
    worker_->wait(drawing_);
  }
  const auto place = check.at("source of requests");
  const std::size_t here = open_.size() - at_ + drawn_.size() + done_.size();
  source_.check_sums(check, in_service + static_cast<std::int64_t>(here));
}

void ArrivalFeed::draw() {
  for (const Completion& completion : returned_) {
    source_.complete(completion.request, completion.done);
  }
  drawn_.clear();
  for (auto next = source_.next_arrival(); next && *next < drawn_until_;
       next = source_.next_arrival()) {
    if (drawn_.size() == kMostInSlice) {
      throw base::InputError({.key = "workload",
                              .what = fmt::format("more than {} requests arrive within {:g} s",
                                                  kMostInSlice, base::to_seconds(slice_)),
                              .remedy = "lower workload.rate_scale or what the workload asks for"});
    }
    drawn_.push_back(source_.take());
  }
}

}  // namespace epfleet::workload
