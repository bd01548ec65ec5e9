// Seeded random conversations for tests of the cache: a few slots, shared prefixes, turns that
// carry the answer or not, prompts that drop the tail of what was stored.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "epfleet/workload/request.h"

namespace epfleet::cache {

class RandomSessions {
 public:
  static constexpr std::uint32_t kSlots = 12;
  static constexpr std::array<std::int32_t, 4> kSharedTokens = {0, 3, 21, 40};

  explicit RandomSessions(std::uint64_t seed) : random_(seed) {}

  std::int32_t below(std::int32_t limit) {
    return static_cast<std::int32_t>(random_() % static_cast<std::uint64_t>(limit));
  }

  // The next turn of a random session, or the first of a new one in its slot.
  workload::Request next() {
    const auto slot = static_cast<std::uint32_t>(below(kSlots));
    Session& session = sessions_[slot];
    workload::Request request;
    request.id = base::RequestId(count_++);
    request.prefix.session_slot = slot;
    request.prefix.first_turn = !session.returns;
    if (!session.returns) {
      session.shared_id = static_cast<std::uint32_t>(below(4));
      session.stored = 0;
    }
    const std::int32_t shared = kSharedTokens[session.shared_id];
    request.prefix.shared_id = session.shared_id;
    request.prefix.shared_tokens = shared;
    if (session.returns) {
      const std::int32_t dropped = below(8) == 0 ? below(12) : 0;
      request.prefix.session_tokens = std::max(shared, session.stored - dropped);
    }
    request.prompt_tokens = std::max(shared, request.prefix.session_tokens) + 1 + below(30);
    request.output_tokens = 1 + below(20);
    request.prefix.returns = session.returns = below(5) != 0;
    const bool carries_answer = below(2) == 0;
    session.stored = request.prompt_tokens + (carries_answer ? request.output_tokens : 0);
    return request;
  }

  // Tokens of the request that its next turn will begin with.
  [[nodiscard]] std::int32_t carried(const workload::Request& request) const {
    return sessions_[request.prefix.session_slot].stored;
  }

 private:
  struct Session {
    bool returns = false;
    std::uint32_t shared_id = 0;
    std::int32_t stored = 0;
  };
  std::mt19937_64 random_;
  std::uint64_t count_ = 0;
  std::array<Session, kSlots> sessions_;
};

}  // namespace epfleet::cache
