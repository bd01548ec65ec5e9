#include "epfleet/workload/arrival_feed.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "epfleet/base/error.h"

namespace epfleet::workload {

namespace {

// Of a source that no completion brings anything back to: long against the cost of a hand-over.
constexpr std::size_t kMostInSlice = 5'000'000;  // half a gigabyte
constexpr base::Duration kLongestSlice = std::chrono::seconds(1);

// Sessions whose memory is fetched before it is their turn. A guess, plausible 8 to 32: their wait
// is beside the simulation, and was not tuned.
constexpr std::size_t kAhead = 16;

}  // namespace

ArrivalFeed::ArrivalFeed(Source& source, base::Worker* worker, std::size_t worth_a_hand_over)
    : source_(source),
      worker_(worker),
      worth_a_hand_over_(worth_a_hand_over),
      slice_(std::min(source.shortest_return() / 2, kLongestSlice)) {
  EPFLEET_CHECK(slice_ > base::Duration(0), "a session returns some time after it was answered");
}

ArrivalFeed::~ArrivalFeed() {
  if (worker_ != nullptr) {
    worker_->settle(drawing_);
  }
}

void ArrivalFeed::carry(base::HugeVector<StoredExtent> asleep) {
  EPFLEET_CHECK(!source_.sessions_overlap(), "a session that travels has one request in service");
  asleep_ = std::move(asleep);
  carries_ = true;
}

void ArrivalFeed::start(base::TimePoint start) {
  end_ = start;
  source_.forget_warm_extents();
  ask_for_next();
  open_next();
}

void ArrivalFeed::open_next() {
  EPFLEET_CHECK(front() == nullptr, "a slice is over when its requests have arrived");
  wait();
  open_.swap(drawn_);
  open_extents_.swap(drawn_extents_);
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
  if (worker_ != nullptr && open_.size() + returned_.size() >= worth_a_hand_over_) {
    drawing_ = worker_->start([this] { draw(); });
  } else {
    draw();
  }
}

void ArrivalFeed::wait() const {
  if (worker_ != nullptr) {
    worker_->wait(drawing_);
  }
}

void ArrivalFeed::check_sums(base::SumCheck& check, std::int64_t in_service) const {
  wait();
  const auto place = check.at("source of requests");
  const std::size_t here = open_.size() - at_ + drawn_.size() + done_.size();
  source_.check_sums(check, in_service + static_cast<std::int64_t>(here));
}

void ArrivalFeed::add_extents(std::vector<StoredExtent>& extents) const {
  wait();
  extents.insert(extents.end(), asleep_.begin(), asleep_.end());
  extents.insert(extents.end(), drawn_extents_.begin(), drawn_extents_.end());
  if (carries_) {
    extents.insert(extents.end(), open_extents_.begin() + static_cast<std::ptrdiff_t>(at_),
                   open_extents_.end());
    for (const Completion& completion : done_) {
      extents.push_back(completion.own);
    }
  }
}

void ArrivalFeed::return_completions() {
  for (std::size_t i = 0; i < returned_.size(); ++i) {
    const auto& [request, done, own] = returned_[i];
    source_.complete(request, done);
    if (!carries_) {
      continue;
    }
    if (i + kAhead < returned_.size()) {
      fetch(returned_[i + kAhead].request);
    }
    if (request.prefix.returns) {
      const std::size_t slot = request.prefix.session_slot;
      if (slot >= asleep_.size()) {
        asleep_.resize(slot + 1);
      }
      asleep_[slot] = own;
    }
  }
}

void ArrivalFeed::wake_drawn() {
  drawn_extents_.clear();
  for (std::size_t i = 0; i < drawn_.size(); ++i) {
    if (i + kAhead < drawn_.size()) {
      fetch(drawn_[i + kAhead]);
    }
    const PrefixIdentity& prefix = drawn_[i].prefix;
    const bool has_slept = !prefix.first_turn && prefix.session_slot < asleep_.size();
    drawn_extents_.push_back(has_slept ? std::exchange(asleep_[prefix.session_slot], {})
                                       : StoredExtent{});
  }
}

void ArrivalFeed::fetch(const Request& request) const {
  if (request.prefix.session_slot < asleep_.size()) {
    __builtin_prefetch(&asleep_[request.prefix.session_slot], 1);
  }
}

void ArrivalFeed::draw() {
  return_completions();
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
  if (carries_) {
    wake_drawn();
  }
}

}  // namespace epfleet::workload
