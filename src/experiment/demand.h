// What the traffic asks of a fleet, held against what the fleet can do, before anything is drawn:
// a day's totals in ten minutes are a slip of the pen.
#pragma once

#include <string>
#include <vector>

#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

// Notes on more than the fleet can do. Throws InputError where it is so much more that a run would
// only pile up requests.
[[nodiscard]] std::vector<std::string> notes_on_demand(const config::Scenario& scenario,
                                                       const cluster::StepPricers& pricers);

}  // namespace epfleet::experiment
