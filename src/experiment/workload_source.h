// The scenario's workload as a Source.
#pragma once

#include <memory>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/scenario.h"
#include "epfleet/workload/source.h"

namespace epfleet::experiment {

[[nodiscard]] std::unique_ptr<workload::Source> make_source(const config::Scenario& scenario,
                                                            const cluster::FleetSpec& spec,
                                                            const cluster::StepPricers& pricers,
                                                            bool threads);

}  // namespace epfleet::experiment
