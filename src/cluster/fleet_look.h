// The fleet as a scaling rule sees it at a decision, and in words for decisions.csv.
#pragma once

#include <cstdint>
#include <string_view>

#include "epfleet/cluster/fleet_state.h"
#include "epfleet/observe/decision.h"

namespace epfleet::cluster {

// Through the fleet's monitor, if it has one: with what a rule needs to follow the load.
[[nodiscard]] policy::FleetView look_at(FleetState& fleet, const policy::Target& target);

// Rows of decisions.csv: another target than the view's, and a unit that did not start in time.
[[nodiscard]] observe::Decision change_of_target(const FleetState& fleet,
                                                 const policy::FleetView& view,
                                                 const policy::Target& target);
[[nodiscard]] observe::Decision failed_start(base::TimePoint now, std::string_view phase,
                                             std::uint32_t unit);

}  // namespace epfleet::cluster
