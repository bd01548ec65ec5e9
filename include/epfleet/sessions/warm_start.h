// What the days before left behind when the run starts: sessions that will have another turn, and
// stored tokens that will not be asked for again.
// Modelled: sessions begun within the look-back, served with the expected service times. The
//   sleepers are drawn directly: sessions that have a turn before the start and the next one after
//   it are a Poisson process, in which a gap between turns counts in proportion to its length (a
//   longer one is likelier to span the start). Drawing all sessions of two days to keep one in a
//   hundred gives the same law and costs ten times as much; a test compares the two. All other
//   stored tokens are expected values per 5 minutes.
// Left out: answers that are being computed at the start (the warm-up fills the service).
// Source: thinning and length bias, Kingman, "Poisson Processes" (1993), chapters 2 and 5.
#pragma once

#include <vector>

#include "epfleet/base/huge_pages.h"
#include "epfleet/sessions/session_law.h"
#include "epfleet/sessions/session_plan.h"
#include "epfleet/workload/source.h"

namespace epfleet::sessions {

struct Sleeper {
  SessionTurn turn;          // the one to come
  base::TimePoint wake;      // at or after the start
  base::TimePoint last_use;  // of its stored tokens, at or before the start
};

// In order of class. `start`: of the run, warm-up included.
[[nodiscard]] base::HugeVector<Sleeper> draw_sleepers(const SessionSourceSpec& spec,
                                                      const SessionPlan& plan,
                                                      const SessionLaw& law, base::TimePoint start);

// In order of time.
[[nodiscard]] std::vector<workload::WarmTotal> expected_warm_totals(const SessionSourceSpec& spec,
                                                                    const SessionPlan& plan,
                                                                    base::TimePoint start);

}  // namespace epfleet::sessions
