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

void Generations::open(base::TimePoint now) {
  if (next_ - oldest_ == ring_.size()) {
    std::vector<Generation> larger(2 * ring_.size());
    for (std::uint32_t id = oldest_; id != next_; ++id) {
      larger[id & (larger.size() - 1)] = place_of(id);
    }
    ring_.swap(larger);
    mask_ = static_cast<std::uint32_t>(ring_.size()) - 1;
  }
  newest_end_ = cell_end(now);
  oldest_end_ = oldest_ == next_ ? newest_end_ : oldest_end_;
  place_of(next_++) = {.end = newest_end_};
}

void Generations::drop_oldest() {
  stored_ -= place_of(oldest_++).tokens;
  const bool none_left = oldest_ == next_;
  oldest_end_ = none_left ? base::TimePoint::max() : place_of(oldest_).end;
  newest_end_ = none_left ? base::TimePoint::min() : newest_end_;
}

}  // namespace epfleet::cache
