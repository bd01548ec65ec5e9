#include "epfleet/sessions/session_moments.h"

#include "epfleet/sessions/session_paths.h"
#include "per_class.h"

namespace epfleet::sessions {
namespace {

SessionMoments class_moments(const SessionLaw& law, workload::SessionClass of, std::int64_t block,
                             std::uint32_t paths) {
  // Agents' paths are long, so each tells more, and their share of the requests is small.
  paths = of == workload::SessionClass::Agent ? paths / 4 : paths;
  SessionMoments sum;
  SessionPaths sample(law, of, paths);
  std::vector<PathTurn> path;
  while (sample.next(path)) {
    for (const PathTurn& turn : path) {
      sum.add_turn(turn.turn, block, turn.weight);
    }
  }
  SessionMoments mean;
  mean.add(sum, 1.0 / static_cast<double>(paths));
  return mean;
}

}  // namespace

void SessionMoments::add_turn(const SessionTurn& turn, std::int64_t block, double weight) {
  const auto i = static_cast<double>(turn.prompt);
  const auto o = static_cast<double>(turn.output);
  const auto p = static_cast<double>(ideal_hit_tokens(turn, block));
  const double q = i - p;
  requests += weight;
  input += weight * i;
  output += weight * o;
  output_input += weight * o * i;
  output_squared += weight * o * o;
  hit += weight * p;
  computed += weight * q;
  pairs += weight * (q * p + 0.5 * q * (q + 1.0));
}

void SessionMoments::add(const SessionMoments& other, double weight) {
  requests += weight * other.requests;
  input += weight * other.input;
  output += weight * other.output;
  output_input += weight * other.output_input;
  output_squared += weight * other.output_squared;
  hit += weight * other.hit;
  computed += weight * other.computed;
  pairs += weight * other.pairs;
}

MixMoments session_moments(const SessionLaw& law, std::int64_t block, base::Worker* worker,
                           std::uint32_t paths) {
  return per_class(worker,
                   [&](workload::SessionClass of) { return class_moments(law, of, block, paths); });
}

}  // namespace epfleet::sessions
