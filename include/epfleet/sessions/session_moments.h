// Expected sums over one session of each class: what the solver for the totals works with.
// Standard error of the day's totals with 2^17 paths: 0.06 % (a test holds the totals to 0.2 %).
#pragma once

#include <array>
#include <cstdint>

#include "epfleet/base/worker.h"
#include "epfleet/sessions/session_law.h"

namespace epfleet::sessions {

// Sums over the requests of a session, in expectation; or over those of a whole mix of sessions.
struct SessionMoments {
  double requests = 0.0;
  double input = 0.0;         // I
  double output = 0.0;        // O
  double output_input = 0.0;  // O * I
  double output_squared = 0.0;
  double hit = 0.0;       // p: tokens that an ideal cache hits
  double computed = 0.0;  // q = I - p
  double pairs = 0.0;     // q p + q (q + 1) / 2

  void add_turn(const SessionTurn& turn, std::int64_t block, double weight);
  void add(const SessionMoments& other, double weight);

  // Mean over output tokens j = 1..O of the tokens before and with it, I + j.
  [[nodiscard]] double kv_per_output_token() const {
    return (output_input + 0.5 * (output_squared + output)) / output;
  }
  [[nodiscard]] double hit_ratio() const { return hit / input; }
  [[nodiscard]] double pairs_per_computed_token() const { return pairs / computed; }
};

using MixMoments = std::array<SessionMoments, workload::kSessionClasses>;

inline constexpr std::uint32_t kMomentPaths = 1U << 16U;

// Per session started. Half of the classes on the worker, if there is one: the same numbers.
[[nodiscard]] MixMoments session_moments(const SessionLaw& law, std::int64_t block,
                                         base::Worker* worker, std::uint32_t paths = kMomentPaths);

}  // namespace epfleet::sessions
