// Weighted sample paths of the sessions of one class, for expectations over them.
// Modelled: the first turns' draws are the coordinates of randomly shifted Sobol points
//   (Boost.Random), later ones pseudo-random. The number of turns N is integrated out: turn k
//   counts with P(N >= k). Path lengths L are drawn longer than N, with P(L >= k) = sqrt(P(N >=
//   k)), so that the rare long sessions, which carry many tokens, are seen often; the weight of
//   turn k is then P(N >= k) / P(L >= k). The points do not depend on the scenario's seed: common
//   random numbers for the solver's steps.
// Source: Owen, "Monte Carlo theory, methods and examples", chapters 8 (conditioning), 9, 15-17.
#pragma once

#include <array>
#include <boost/random/sobol.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/sessions/session_law.h"

namespace epfleet::sessions {

// Expected seconds of service. They only place turns in time before any service is simulated.
struct ExpectedService {
  double prefill_s = 2.0;
  double per_output_token_s = 0.045;

  [[nodiscard]] double seconds(std::int64_t output) const {
    return prefill_s + per_output_token_s * static_cast<double>(output);
  }
};

struct PathTurn {
  SessionTurn turn;
  double weight = 0.0;       // expected number of such turns per session
  double ends_weight = 0.0;  // the part of it for which the session has no further turn
  double lag_s = 0.0;        // arrival after the session's start; 0 without an ExpectedService
};

class SessionPaths {
 public:
  // Without a service no think times are drawn.
  SessionPaths(const SessionLaw& law, workload::SessionClass of, std::uint32_t paths,
               std::optional<ExpectedService> service = std::nullopt);

  // The next path into `path`; false when all have been seen. Weights are per session: their sums
  // over all paths, divided by the number of paths, are expectations.
  [[nodiscard]] bool next(std::vector<PathTurn>& path);

 private:
  static constexpr std::uint32_t kSobolTurns = 5;  // turns whose draws are Sobol coordinates
  static constexpr std::uint32_t kFirst = 6, kLater = 3, kThink = 1;
  static constexpr std::uint32_t kMostDimensions = kFirst + (kSobolTurns - 1) * (kLater + kThink);

  [[nodiscard]] LaterDraws later_draws(std::uint32_t turn, base::Stream& rest) const;
  [[nodiscard]] double think_draw(std::uint32_t turn, base::Stream& rest) const;

  const SessionLaw& law_;
  workload::SessionClass class_;
  std::uint32_t paths_;
  std::optional<ExpectedService> service_;
  std::uint32_t path_ = 0;
  std::uint32_t dimensions_;  // fewer if there are no later turns
  boost::random::sobol points_;
  std::array<std::uint64_t, kMostDimensions> shift_{};
  std::array<double, kMostDimensions> point_{};
  std::vector<double> seen_, boost_;  // [k - 1]: P(N >= k) and 1 / P(L >= k)
};

}  // namespace epfleet::sessions
