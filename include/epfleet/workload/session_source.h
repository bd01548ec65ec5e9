// Synthetic sessions as a Source: births follow the plan, later turns wait in a calendar from the
// simulated completion of the turn before (closed loop).
// Modelled: see session_law.h (turns), session_plan.h (births), warm_start.h (what was before).
// Left out: bursts of single clients; users who give up.
#pragma once

#include <memory>

#include "epfleet/workload/session_plan.h"
#include "epfleet/workload/source.h"

namespace epfleet::workload {

// Solves for the totals, which takes up to a few seconds. Throws InputError.
[[nodiscard]] std::unique_ptr<Source> make_session_source(const SessionSourceSpec& spec);

}  // namespace epfleet::workload
