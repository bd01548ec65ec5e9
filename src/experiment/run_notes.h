// What a reader of a run's numbers must know, one sentence each.
#pragma once

#include <string>
#include <vector>

#include "epfleet/config/scenario.h"
#include "epfleet/metrics/run_statistics.h"

namespace epfleet::experiment {

[[nodiscard]] std::vector<std::string> notes_on_failures(const cluster::FleetSpec& spec);
[[nodiscard]] std::vector<std::string> notes_on_prices(const config::Scenario& scenario);
// Appended to `notes`, which are of what was known before the run.
[[nodiscard]] std::vector<std::string> notes_of(const config::Scenario& scenario,
                                                const metrics::RunStatistics& statistics,
                                                bool stable, std::vector<std::string> notes);

}  // namespace epfleet::experiment
