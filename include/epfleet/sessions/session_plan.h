// How many sessions of each class start when: the solved mix, placed in time so that the tokens
// *served* follow the hourly shape.
// Modelled: the shape repeats daily, before the start and after; the totals are those of the
//   counted window.
#pragma once

#include <array>
#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/sessions/session_kernels.h"
#include "epfleet/sessions/totals_solver.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/day_curve.h"

namespace epfleet::sessions {

struct SessionSourceSpec {
  workload::WorkloadConfig config;  // paths resolved
  std::uint64_t seed = 1;
  base::Duration duration{};   // of the counted window, which starts at time 0
  base::Duration cool_down{};  // how long after it sessions go on to start
  std::int64_t block = 64;     // tokens; a prefix hits in whole blocks
  ExpectedService service;     // places turns before any service is simulated
  ShapeWeights shape_weights;
  base::Worker* worker = nullptr;  // does half of it aside, if there is one; the same requests
};

struct SessionPlan {
  SolvedMix mix;
  // Mean of the curve, rate scale included.
  std::array<double, workload::kSessionClasses> starts_per_day{};
  workload::DayCurve starts;
  SessionKernels kernels;  // of a mean day's session starts
};

// Throws InputError (totals that cannot be met, an unreadable shape).
[[nodiscard]] SessionPlan plan_sessions(const SessionSourceSpec& spec);

}  // namespace epfleet::sessions
