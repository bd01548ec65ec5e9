// The sessions born during the run, in order of (time, session id), each with all draws of its
// first turn.
// Modelled: drawn in blocks, on a second thread if wanted, which stays at most a few blocks ahead;
//   the blocks are the same either way.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
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
  StartFeed(const StartFeed&) = delete;
  StartFeed& operator=(const StartFeed&) = delete;
  ~StartFeed();

  // The next start; none after the last. Valid until pop().
  [[nodiscard]] const SessionStart* front() {
    if (at_ < block_.size()) [[likely]] {
      return &block_[at_];
    }
    return next_block() ? &block_[at_] : nullptr;
  }
  void pop() { ++at_; }

 private:
  using Block = std::vector<SessionStart>;
  static constexpr std::size_t kBlock =
      4096;  // session starts: 230 kB, stays in the second-level cache
  static constexpr std::size_t kMostAhead = 8;  // blocks

  struct ClassStarts {
    StartStream stream;
    std::uint64_t ordinal = 0;
    std::optional<base::TimePoint> next;
  };

  [[nodiscard]] bool next_block();
  void fill(Block& block);
  struct Next {
    ClassStarts* of;
    base::TimePoint time;
  };
  [[nodiscard]] std::optional<Next> earliest();
  void produce(const std::stop_token& stop);

  const SessionLaw& law_;
  std::vector<ClassStarts> classes_;
  Block block_;
  std::size_t at_ = 0;
  bool over_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::deque<Block> ready_;
  std::vector<Block> empty_;  // used blocks, to be filled again
  std::exception_ptr trouble_;
  std::jthread producer_;  // last: stops before anything it uses goes
};

}  // namespace epfleet::sessions
