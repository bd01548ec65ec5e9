// How many tokens the store holds, by when they were last used: the order of eviction.
// A generation is everything last used (FIFO: written) within the same kGenerationWidth of
// simulated time. The store forgets whole generations, oldest first; so a cached extent needs to
// remember only its generation to know whether it is still there, and need not be visited when it
// goes. Eviction is therefore coarser than in a real store by at most one generation's tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/sum_check.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/stored_extent.h"

namespace epfleet::cache {

using workload::GenerationId;
using workload::kNeverStored;

inline constexpr base::Duration kGenerationWidth = std::chrono::seconds(1);

// A request asks four times; only the opening and the end of a generation leave the header.
class Generations {
 public:
  // The generation of what is used at `now`, opened if need be: another one than before when that
  // was evicted within its own width. REQUIRES: `now` never goes back.
  [[nodiscard]] GenerationId at(base::TimePoint now) {
    if (now >= newest_end_) [[unlikely]] {
      open(now);
    }
    return GenerationId(next_ - 1);
  }

  [[nodiscard]] bool alive(GenerationId generation) const { return generation.value() >= oldest_; }

  // Negative counts take tokens out. REQUIRES: alive(generation).
  void add(GenerationId generation, std::int64_t tokens) {
    place_of(generation.value()).tokens += tokens;
    stored_ += tokens;
  }

  // REQUIRES: alive(from), alive(to).
  void move(GenerationId from, GenerationId to, std::int64_t tokens) {
    place_of(from.value()).tokens -= tokens;
    place_of(to.value()).tokens += tokens;
  }

  // Forgets the generations in which every use was before `oldest_use`.
  void expire(base::TimePoint oldest_use) {
    while (oldest_end_ <= oldest_use) [[unlikely]] {
      drop_oldest();
    }
  }

  // Forgets the oldest generations until at most `capacity` tokens are left; if the newest alone
  // exceeds it, that one too.
  void evict_to(std::int64_t capacity) {
    while (stored_ > capacity) [[unlikely]] {
      drop_oldest();
    }
  }

  [[nodiscard]] std::int64_t stored_tokens() const { return stored_; }
  // The tokens of those that are alive, the oldest first.
  [[nodiscard]] std::vector<std::int64_t> tokens_alive() const;
  [[nodiscard]] GenerationId oldest() const { return GenerationId(oldest_); }
  void check_sums(base::SumCheck& check) const;

 private:
  struct Generation {
    base::TimePoint end;  // first moment after it
    std::int64_t tokens = 0;
  };
  static constexpr std::uint32_t kFirstRoom = 1024;  // a power of two, as every size of the ring
  [[nodiscard]] Generation& place_of(std::uint32_t id) { return ring_[id & mask_]; }
  void open(base::TimePoint now);
  void drop_oldest();

  std::vector<Generation> ring_{kFirstRoom};
  std::uint32_t mask_ = kFirstRoom - 1;  // of an id: its place in the ring
  std::uint32_t oldest_ = 1, next_ = 1;  // ids: those from oldest_ to next_ - 1 are alive
  base::TimePoint oldest_end_ = base::TimePoint::max();  // none is alive
  base::TimePoint newest_end_ = base::TimePoint::min();
  std::int64_t stored_ = 0;
};

}  // namespace epfleet::cache
