// Synthetic sessions as a Source: they start as the plan has it, later turns wait in a calendar
// from the simulated completion of the turn before (closed loop).
// Modelled: see session_law.h (turns), session_plan.h (when they start), warm_start.h (what was
//   before).
// Left out: bursts of single clients; users who give up.
#pragma once

#include <memory>

#include "epfleet/sessions/session_plan.h"
#include "epfleet/workload/source.h"

namespace epfleet::sessions {

// Solves for the totals, which takes up to a few seconds. Throws InputError.
[[nodiscard]] std::unique_ptr<workload::Source> make_session_source(const SessionSourceSpec& spec);

}  // namespace epfleet::sessions
