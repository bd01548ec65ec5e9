#include "epfleet/sessions/start_feed.h"

#include <tuple>

namespace epfleet::sessions {

StartFeed::StartFeed(const SessionSourceSpec& spec, const SessionPlan& plan, const SessionLaw& law)
    : law_(law) {
  const base::StreamFamily family(spec.seed, "workload.birth");  // another name: other draws
  const base::TimePoint from = base::kWindowStart - spec.config.warm_up.value();
  const base::TimePoint until = base::kWindowStart + spec.duration + spec.cool_down;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    StartStream stream(plan.starts, plan.starts_per_day[c], from, until, base::Stream(family, c));
    classes_.push_back({stream, 0, std::nullopt});
    classes_.back().next = classes_.back().stream.next();
  }
  block_.reserve(kBlock);
}

// Ties go to the lower session id.
StartFeed::ClassStarts* StartFeed::earliest() {
  ClassStarts* first = nullptr;
  for (ClassStarts& starts : classes_) {
    if (starts.next && (first == nullptr || std::tie(*starts.next, starts.ordinal) <
                                                std::tie(*first->next, first->ordinal))) {
      first = &starts;
    }
  }
  return first;
}

void StartFeed::draw_block() {
  block_.clear();
  at_ = 0;
  while (block_.size() < kBlock) {
    ClassStarts* starts = earliest();
    if (starts == nullptr) {
      return;
    }
    const auto of = static_cast<workload::SessionClass>(starts - classes_.data());
    const SessionTurn turn = law_.first_turn(SessionLaw::session_id(of, false, starts->ordinal));
    block_.push_back({*starts->next, turn, law_.following(turn)});
    ++starts->ordinal;
    starts->next = starts->stream.next();
  }
}

}  // namespace epfleet::sessions
