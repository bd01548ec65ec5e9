// How many turns a conversation has: the stop probability of a session is Beta(alpha, beta) and the
// number of turns N geometric with it, so P(N >= k) = B(alpha, beta + k - 1) / B(alpha, beta),
// which is the product over j = 1..k-1 of (beta + j - 1) / (alpha + beta + j - 1).
// Source: (2.25, 1.11), mean 1.89, fits the Mooncake conversation trace (FAST 2025 release).
// Left out: sessions of more than 4,096 turns; the context limit ends all earlier in practice.
#pragma once

#include <cstdint>
#include <vector>

namespace epfleet::sessions {

class TurnCountLaw {
 public:
  static constexpr std::uint32_t kMostTurns = 4096;

  // Both 0: always a single turn. REQUIRES otherwise: both > 0.
  TurnCountLaw(double alpha, double beta);

  // P(N >= turns). REQUIRES: turns >= 1.
  [[nodiscard]] double at_least(std::uint32_t turns) const {
    return turns <= survival_.size() ? survival_[turns - 1] : 0.0;
  }

  // The N of a uniform u: the largest with u < P(N >= n). A small u is a long session, so u * P(N
  // >= 2) draws from the sessions of at least two turns.
  [[nodiscard]] std::uint32_t draw(double u) const;

 private:
  std::vector<double> survival_;  // [k - 1] = P(N >= k), falling
};

}  // namespace epfleet::sessions
