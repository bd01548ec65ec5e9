// The sessions that start during the run, in order of (time, session id), each with all draws of
// its first turn. Drawn in small blocks: the law's tables stay in the processor's cache from one
// draw to the next, and no slice of arrivals waits for many of them.
#pragma once

#include <optional>
#include <vector>

#include "epfleet/sessions/session_law.h"
#include "epfleet/sessions/session_plan.h"
#include "epfleet/sessions/start_stream.h"

namespace epfleet::sessions {

struct SessionStart {
  base::TimePoint time;
  SessionTurn turn;
  TurnLengths following;
};

class StartFeed {
 public:
  // `plan` and `law` must outlive the feed.
  StartFeed(const SessionSourceSpec& spec, const SessionPlan& plan, const SessionLaw& law);

  // The next start; none after the last. Valid until pop().
  [[nodiscard]] const SessionStart* front() {
    if (at_ == block_.size()) [[unlikely]] {
      draw_block();
    }
    return at_ < block_.size() ? &block_[at_] : nullptr;
  }
  void pop() { ++at_; }

 private:
  static constexpr std::size_t kBlock = 256;  // session starts: 14 kB

  struct ClassStarts {
    StartStream stream;
    std::uint64_t ordinal = 0;
    std::optional<base::TimePoint> next;
  };

  void draw_block();
  [[nodiscard]] ClassStarts* earliest();

  const SessionLaw& law_;
  std::vector<ClassStarts> classes_;
  std::vector<SessionStart> block_;
  std::size_t at_ = 0;
};

}  // namespace epfleet::sessions
