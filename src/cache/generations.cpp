#include "epfleet/cache/generations.h"

namespace epfleet::cache {
namespace {

// The end of the cell of time that holds `now`; cells are aligned to zero, also before it.
base::TimePoint cell_end(base::TimePoint now) {
  const std::int64_t width = kGenerationWidth.count();
  const std::int64_t since_zero = now.time_since_epoch().count();
  const std::int64_t into_cell = ((since_zero % width) + width) % width;
  return base::TimePoint(base::Duration(since_zero - into_cell + width));
}

}  // namespace

GenerationId Generations::at(base::TimePoint now) {
  if (alive_.empty() || now >= alive_.back().end) {
    if (alive_.full()) {
      alive_.set_capacity(2 * alive_.capacity());
    }
    alive_.push_back({.end = cell_end(now)});
  }
  return GenerationId(oldest_ + static_cast<std::uint32_t>(alive_.size()) - 1);
}

void Generations::expire(base::TimePoint oldest_use) {
  while (!alive_.empty() && alive_.front().end <= oldest_use) {
    drop_oldest();
  }
}

void Generations::evict_to(std::int64_t capacity) {
  while (stored_ > capacity) {
    drop_oldest();
  }
}

void Generations::drop_oldest() {
  stored_ -= alive_.front().tokens;
  alive_.pop_front();
  ++oldest_;
}

}  // namespace epfleet::cache
