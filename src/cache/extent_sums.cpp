// The totals of the store against the extents that their owner still has. What an owner gave up (a
// session that does not return, the end of a prompt that went another way) stays in the totals
// until it is evicted and is written down nowhere else: so a total is at least what its extents
// hold.
#include <numeric>

#include "epfleet/cache/extent_store.h"

namespace epfleet::cache {

void ExtentStore::check_sums(base::SumCheck& check,
                             std::initializer_list<std::span<const Extent>> extents) const {
  const auto place = check.at("KV store");
  generations_.check_sums(check);
  const std::vector<std::int64_t> kept = generations_.tokens_alive();
  std::vector<std::int64_t> owned(kept.size());
  for (const std::span<const Extent> some : extents) {
    for (const Extent& extent : some) {
      check.holds("an extent begins, can be hit and ends in this order",
                  0 <= extent.first && extent.first <= extent.ready && extent.ready <= extent.end);
      if (alive(extent)) {  // a warm shared prefix that is too old was never counted
        const std::uint32_t age = extent.generation.value() - generations_.oldest().value();
        check.holds("no extent is of a generation to come", age < owned.size());
        owned[age < owned.size() ? age : 0] += tokens(extent.end - extent.first);
      }
    }
  }
  // Written last first by FIFO: an extent is as old as its first block, its end is counted later.
  for (std::size_t i = 0; keeps_.ages_by_use && i < kept.size(); ++i) {
    const auto of = check.at("generation", generations_.oldest().value() + i);
    check.at_least("tokens stored", kept[i], owned[i]);
  }
  check.at_least("tokens stored", generations_.stored_tokens(),
                 std::accumulate(owned.begin(), owned.end(), std::int64_t{0}));
  check.at_least("most tokens stored", peak_, peak_ == 0 ? 0 : generations_.stored_tokens());
}

std::vector<std::int64_t> Generations::tokens_alive() const {
  std::vector<std::int64_t> tokens;
  for (std::uint32_t id = oldest_; id != next_; ++id) {
    tokens.push_back(ring_[id & mask_].tokens);
  }
  return tokens;
}

void Generations::check_sums(base::SumCheck& check) const {
  const std::vector<std::int64_t> alive = tokens_alive();
  check.equal("tokens of all generations", stored_,
              std::accumulate(alive.begin(), alive.end(), std::int64_t{0}));
  base::TimePoint before = base::TimePoint::min();
  for (std::uint32_t id = oldest_; id != next_; ++id) {
    const auto place = check.at("generation", id);
    const Generation& one = ring_[id & mask_];
    check.at_least("tokens stored", one.tokens, 0);
    check.holds("it ends after the one before", one.end > before);
    before = one.end;
  }
  check.holds(
      "the oldest generation ends when it says",
      oldest_end_ == (oldest_ == next_ ? base::TimePoint::max() : ring_[oldest_ & mask_].end));
  check.holds("the newest generation ends when it says", newest_end_ == before);
}

}  // namespace epfleet::cache
