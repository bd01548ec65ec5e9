#include "epfleet/sessions/turn_count_law.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::sessions {

TurnCountLaw::TurnCountLaw(double alpha, double beta) : survival_{1.0} {
  if (alpha == 0.0 && beta == 0.0) {
    return;
  }
  EPFLEET_CHECK(alpha > 0.0 && beta > 0.0, "a Beta law has two positive parameters");
  survival_.reserve(kMostTurns);
  for (std::uint32_t k = 1; k < kMostTurns; ++k) {
    const double j = k;
    survival_.push_back(survival_.back() * (beta + j - 1.0) / (alpha + beta + j - 1.0));
  }
}

std::uint32_t TurnCountLaw::draw(double u) const {
  // Most sessions are short: look at the first few by hand.
  constexpr std::size_t kByHand = 8;
  const std::size_t near = std::min(kByHand, survival_.size());
  std::size_t turns = 1;
  while (turns < near && u < survival_[turns]) {
    ++turns;
  }
  if (turns == kByHand) {
    const auto after = std::partition_point(survival_.begin() + kByHand, survival_.end(),
                                            [u](double at_least) { return u < at_least; });
    turns = static_cast<std::size_t>(after - survival_.begin());
  }
  return static_cast<std::uint32_t>(turns);
}

}  // namespace epfleet::sessions
