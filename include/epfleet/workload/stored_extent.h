// What a KV store has of a session: a run of consecutive blocks that live and die together. The
// cache alone reads and writes it (cache/extent_store.h); it stands here because it is the
// session's: it travels with a request, and sleeps with those who keep the session.
#pragma once

#include <cstdint>

#include "epfleet/base/id.h"
#include "epfleet/base/time.h"

namespace epfleet::workload {

// The second in which content was last used (cache/generations.h), in order of time, from 1.
using GenerationId = base::Id<struct GenerationIdTag, std::uint32_t>;
inline constexpr GenerationId kNeverStored{0};

// Blocks [first, end), counted from token 0 of the prompt; [first, ready) can be hit now and the
// rest from available_at on. The blocks before `first` belong to another extent (the shared
// prefix's).
struct StoredExtent {
  base::TimePoint last_use;  // FIFO: when its first block was written
  base::TimePoint available_at;
  std::int32_t first = 0;
  std::int32_t end = 0;
  std::int32_t ready = 0;
  GenerationId generation = kNeverStored;
};
// Two million live sessions at full scale; two extents to a cache line.
static_assert(sizeof(StoredExtent) <= 32);

}  // namespace epfleet::workload
