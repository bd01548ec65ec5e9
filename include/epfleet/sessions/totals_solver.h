// Solves the generator's knobs for the totals that the scenario asks of the counted window.
// Modelled: one knob a total, chosen so that they do not undo each other. Elasticities at the mix
//   of the published day: answers move output / input by 0.82; messages KV by 0.24 and the hit
//   ratio by -0.38; templates the hit ratio by 0.14; the spread of first messages the pairs by
//   0.95. Logarithms throughout, common random numbers. Session starts are exact: everything is
//   linear in them.
// Left out: uniqueness. Other mixes meet the same totals; the configured mix is the starting point.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "epfleet/sessions/session_moments.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/source.h"

namespace epfleet::sessions {

struct SolvedMix {
  workload::WorkloadConfig config;  // with the knobs moved
  MixMoments moments;               // per session started
  // Expected session starts whose tokens make up the window's totals.
  std::array<double, workload::kSessionClasses> sessions{};
  std::vector<workload::SolvedTotal> totals;  // those that were asked for
  std::vector<std::string> notes;             // on totals that are met within 2 % only
};

// Takes up to a few seconds, and nothing if one of the last calls asked the same, whatever their
// rates, warm-ups and paths. Any thread may ask.
// Throws InputError when the totals cannot nearly be met, naming key, asked and reachable. Needs
// totals.input or totals.output.
[[nodiscard]] SolvedMix solve_totals(const workload::WorkloadConfig& config, std::uint64_t seed,
                                     std::int64_t block, base::Worker* worker);

}  // namespace epfleet::sessions
