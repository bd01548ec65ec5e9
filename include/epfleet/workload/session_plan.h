// How many sessions of each class are born when: the solved mix, placed in time so that the tokens
// *served* follow the hourly shape.
// Modelled: the shape repeats daily, before the start and after; the totals are those of the
//   counted window.
#pragma once

#include <array>
#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/day_curve.h"
#include "epfleet/workload/session_kernels.h"
#include "epfleet/workload/totals_solver.h"

namespace epfleet::workload {

struct SessionSourceSpec {
  WorkloadConfig config;  // paths resolved
  std::uint64_t seed = 1;
  base::Duration duration{};  // of the counted window, which starts at time 0
  std::int64_t block = 64;    // tokens; a prefix hits in whole blocks
  ExpectedService service;    // places turns before any service is simulated
  ShapeWeights shape_weights;
  bool threads = true;  // a second thread; the same requests without
};

struct SessionPlan {
  SolvedMix mix;
  std::array<double, kSessionClasses> births_per_day{};  // mean of the curve, rate scale included
  DayCurve births;
  SessionKernels kernels;  // of a mean day's births
};

// Throws InputError (totals that cannot be met, an unreadable shape).
[[nodiscard]] SessionPlan plan_sessions(const SessionSourceSpec& spec);

}  // namespace epfleet::workload
