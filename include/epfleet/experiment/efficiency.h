// A run's efficiency (report/efficiency.h), from its statistics.
// Left out: arithmetic that is no part of the model (drafts that failed, padding, MTP's own layer);
//   the head in prefill, which only the last token of a prompt passes.
#pragma once

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cost/statement.h"
#include "epfleet/metrics/run_statistics.h"
#include "epfleet/report/efficiency.h"

namespace epfleet::experiment {

[[nodiscard]] report::Efficiency efficiency_of(const cluster::FleetSpec& spec,
                                               const metrics::RunStatistics& statistics,
                                               const cost::Account& account);

}  // namespace epfleet::experiment
