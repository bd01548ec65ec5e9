#include "epfleet/sessions/start_feed.h"

#include <utility>

namespace epfleet::sessions {

StartFeed::StartFeed(const SessionSourceSpec& spec, const SessionPlan& plan, const SessionLaw& law)
    : law_(law) {
  const base::StreamFamily family(spec.seed, "workload.birth");
  const base::TimePoint from = base::kWindowStart - spec.config.warm_up;
  const base::TimePoint until = base::kWindowStart + spec.duration;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    StartStream stream(plan.starts, plan.starts_per_day[c], from, until, base::Stream(family, c));
    classes_.push_back({stream, 0, std::nullopt});
    classes_.back().next = classes_.back().stream.next();
  }
  if (spec.threads) {
    producer_ = std::jthread([this](const std::stop_token& stop) { produce(stop); });
  }
}

StartFeed::~StartFeed() = default;

// Ties go to the lower session id.
std::optional<StartFeed::Next> StartFeed::earliest() {
  std::optional<Next> first;
  for (ClassStarts& starts : classes_) {
    if (!starts.next) {
      continue;
    }
    const Next next{&starts, *starts.next};
    if (!first || next.time < first->time ||
        (next.time == first->time && starts.ordinal < first->of->ordinal)) {
      first = next;
    }
  }
  return first;
}

void StartFeed::fill(Block& block) {
  block.clear();
  block.reserve(kBlock);
  while (block.size() < kBlock) {
    const std::optional<Next> next = earliest();
    if (!next) {
      return;
    }
    ClassStarts& starts = *next->of;
    const auto of = static_cast<workload::SessionClass>(next->of - classes_.data());
    const base::SessionId id = SessionLaw::session_id(of, false, starts.ordinal);
    SessionStart next_start{next->time, law_.first_turn(id), {}};
    next_start.following = law_.following(next_start.turn);
    block.push_back(next_start);
    ++starts.ordinal;
    starts.next = starts.stream.next();
  }
}

bool StartFeed::next_block() {
  if (over_) {
    return false;
  }
  if (!producer_.joinable()) {
    fill(block_);
  } else {
    std::unique_lock lock(mutex_);
    empty_.push_back(std::move(block_));
    changed_.wait(lock, [this] { return !ready_.empty() || trouble_; });
    if (trouble_) {
      std::rethrow_exception(trouble_);
    }
    block_ = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
  }
  at_ = 0;
  over_ = block_.empty();
  return !over_;
}

// An empty block is the last.
void StartFeed::produce(const std::stop_token& stop) {
  try {
    bool more = true;
    while (more) {
      Block block;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return ready_.size() < kMostAhead; })) {
          return;
        }
        if (!empty_.empty()) {
          block = std::move(empty_.back());
          empty_.pop_back();
        }
      }
      fill(block);
      more = !block.empty();
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(block));
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::current_exception();
    changed_.notify_all();
  }
}

}  // namespace epfleet::sessions
