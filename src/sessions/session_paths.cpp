#include "epfleet/sessions/session_paths.h"

#include <algorithm>

namespace epfleet::sessions {
namespace {

constexpr std::uint64_t kShiftSeed = 0x5eed0f0fULL;  // any constant: fixed so that solutions repeat

}  // namespace

SessionPaths::SessionPaths(const SessionLaw& law, workload::SessionClass of, std::uint32_t paths,
                           std::optional<ExpectedService> service)
    : law_(law),
      class_(of),
      paths_(paths),
      service_(service),
      dimensions_(law.turn_counts(of).at_least(2) > 0.0 ? kMostDimensions : kFirst),
      points_(dimensions_) {
  base::Stream stream(base::StreamFamily(kShiftSeed, "workload.paths"),
                      static_cast<std::size_t>(of));
  for (std::uint64_t& shift : shift_) {
    shift = stream.bits();
  }
  for (std::uint32_t k = 1; k <= TurnCountLaw::kMostTurns + 1; ++k) {
    seen_.push_back(law.turn_counts(of).at_least(k));
    boost_.push_back(seen_.back() > 0.0 ? 1.0 / __builtin_sqrt(seen_.back()) : 0.0);
  }
}

LaterDraws SessionPaths::later_draws(std::uint32_t turn, base::Stream& rest) const {
  if (turn >= kSobolTurns) {
    return LaterDraws::from(rest);
  }
  const std::size_t at = kFirst + (turn - 1) * (kLater + kThink);
  return {point_[at], point_[at + 1], point_[at + 2]};
}

double SessionPaths::think_draw(std::uint32_t turn, base::Stream& rest) const {
  return turn >= kSobolTurns ? rest.uniform()
                             : point_[kFirst + (turn - 1) * (kLater + kThink) + kLater];
}

bool SessionPaths::next(std::vector<PathTurn>& path) {
  path.clear();
  if (path_ == paths_) {
    return false;
  }
  for (std::uint32_t d = 0; d < dimensions_; ++d) {
    const std::uint64_t bits = points_() ^ shift_[d];
    point_[d] = (static_cast<double>(bits >> 12U) + 0.5) * 0x1p-52;
  }
  base::Stream rest(base::StreamFamily(kShiftSeed, "workload.paths.rest"), path_,
                    static_cast<std::uint64_t>(class_));
  ++path_;
  // The L of a uniform u: u < sqrt(P(N >= k)) iff u^2 < P(N >= k).
  const std::uint32_t length = law_.turn_counts(class_).draw(point_[0] * point_[0]);
  PathTurn at;
  at.turn = law_.first_turn(SessionLaw::session_id(class_, false, 0),
                            {0.5, point_[1], point_[2], point_[3], point_[4], point_[5]});
  at.turn.turns = TurnCountLaw::kMostTurns;
  for (std::uint32_t k = 1; k <= length; ++k) {  // k: turns so far
    const TurnLengths following =
        seen_[k] > 0.0 ? law_.following(at.turn, later_draws(k, rest)) : TurnLengths{};
    const double goes_on = following.output > 0 ? seen_[k] : 0.0;
    at.weight = seen_[k - 1] * boost_[k - 1];
    at.ends_weight = (seen_[k - 1] - goes_on) * boost_[k - 1];
    path.push_back(at);
    if (following.output == 0) {
      break;
    }
    if (service_) {
      at.lag_s +=
          service_->seconds(at.turn.output) + law_.think_seconds(class_, think_draw(k, rest));
    }
    at.turn = SessionLaw::advance(at.turn, following);
  }
  return true;
}

}  // namespace epfleet::sessions
