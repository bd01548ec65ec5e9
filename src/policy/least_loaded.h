// The choice that most rules end with: the candidate whose load is least.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>

namespace epfleet::policy {

inline constexpr std::uint32_t kPlaceMask = 1023;

// The first of the `open` candidates with the least `load(candidate)`, a number that is not
// negative (what rounding leaves below zero counts as zero). No branch depends on the loads, which
// are as good as random to the processor: the bits of a positive number order like the number, and
// the candidate's place takes the low ones. Loads closer than 2^-42 of each other count as equal.
template <class Load>
std::uint32_t least_loaded(std::span<const std::uint32_t> open, const Load& load) {
  if (open.size() > kPlaceMask + 1) {  // then the first 1,024 and the best of the others
    const std::uint32_t pair[] = {least_loaded(open.first(kPlaceMask + 1), load),
                                  least_loaded(open.subspan(kPlaceMask + 1), load)};
    return least_loaded(std::span<const std::uint32_t>(pair), load);
  }
  std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t place = 0; place < open.size(); ++place) {
    const double counted = std::max(0.0, static_cast<double>(load(open[place])));
    best = std::min(best,
                    (std::bit_cast<std::uint64_t>(counted) & ~std::uint64_t{kPlaceMask}) | place);
  }
  return open[best & kPlaceMask];
}

// The rule that looks at one measure of the candidates, a span of the view.
template <class Rule, auto measure>
class LeastOf : public Rule {
 public:
  std::uint32_t choose(const typename Rule::Demand& /*demand*/,
                       const typename Rule::View& view) override {
    return least_loaded(view.open, [&](std::uint32_t i) { return (view.*measure)[i]; });
  }
};

}  // namespace epfleet::policy
