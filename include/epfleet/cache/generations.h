// How many tokens the store holds, by when they were last used: the order of eviction.
// A generation is everything last used (FIFO: written) within the same kGenerationWidth of
// simulated time. The store forgets whole generations, oldest first; so a cached extent needs to
// remember only its generation to know whether it is still there, and need not be visited when it
// goes. Eviction is therefore coarser than in a real store by at most one generation's tokens.
#pragma once

#include <boost/circular_buffer.hpp>
#include <cstdint>

#include "epfleet/base/id.h"
#include "epfleet/base/time.h"

namespace epfleet::cache {

using GenerationId = base::Id<struct GenerationIdTag, std::uint32_t>;  // in order of time, from 1

inline constexpr GenerationId kNeverStored{0};
inline constexpr base::Duration kGenerationWidth = std::chrono::seconds(1);

class Generations {
 public:
  // The generation of what is used at `now`, opened if need be: another one than before when that
  // was evicted within its own width. REQUIRES: `now` never goes back.
  [[nodiscard]] GenerationId at(base::TimePoint now);

  [[nodiscard]] bool alive(GenerationId generation) const { return generation.value() >= oldest_; }

  // Negative counts take tokens out. REQUIRES: alive(generation).
  void add(GenerationId generation, std::int64_t tokens) {
    alive_[generation.value() - oldest_].tokens += tokens;
    stored_ += tokens;
  }

  // Forgets the generations in which every use was before `oldest_use`.
  void expire(base::TimePoint oldest_use);

  // Forgets the oldest generations until at most `capacity` tokens are left; if the newest alone
  // exceeds it, that one too.
  void evict_to(std::int64_t capacity);

  [[nodiscard]] std::int64_t stored_tokens() const { return stored_; }

 private:
  struct Generation {
    base::TimePoint end;  // first moment after it
    std::int64_t tokens = 0;
  };
  static constexpr std::size_t kFirstRoom = 1024;
  void drop_oldest();

  boost::circular_buffer<Generation> alive_{kFirstRoom};
  std::uint32_t oldest_ = 1;  // id of alive_.front()
  std::int64_t stored_ = 0;
};

}  // namespace epfleet::cache
