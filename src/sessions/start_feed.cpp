#include "epfleet/sessions/start_feed.h"

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
  block_.reserve(kBlock);
}

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

void StartFeed::fill() {
  block_.clear();
  while (block_.size() < kBlock) {
    const std::optional<Next> next = earliest();
    if (!next) {
      return;
    }
    ClassStarts& starts = *next->of;
    const auto of = static_cast<workload::SessionClass>(next->of - classes_.data());
    const base::SessionId id = SessionLaw::session_id(of, false, starts.ordinal);
    SessionStart next_start{next->time, law_.first_turn(id), {}};
    next_start.following = law_.following(next_start.turn);
    block_.push_back(next_start);
    ++starts.ordinal;
    starts.next = starts.stream.next();
  }
}

bool StartFeed::next_block() {
  if (over_) {
    return false;
  }
  fill();
  at_ = 0;
  over_ = block_.empty();
  return !over_;
}

}  // namespace epfleet::sessions
