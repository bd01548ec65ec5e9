// The fleet as a scaling rule sees it at a decision, and in words for decisions.csv.
#pragma once

#include <string>

#include "epfleet/cluster/fleet_state.h"

namespace epfleet::cluster {

// Through the fleet's monitor, if it has one: with what a rule needs to follow the load.
[[nodiscard]] policy::FleetView look_at(FleetState& fleet, const policy::Target& target);

[[nodiscard]] std::string words_of(const policy::FleetView& view);

}  // namespace epfleet::cluster
