// A run's load and verdict (report/run_verdict.h), from its statistics and the step prices.
// Modelled: per phase, the load at which it would be full: work of all that arrived against full
//   steps; in decode also against the steps that just keep the TPOT objective, where the run's own
//   steps say how much imbalance and pauses add to an even unit's. The fuller phase binds.
// Left out: TTFT close to its limit below full load (queues grow steeply only near it).
#pragma once

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/full_steps.h"
#include "epfleet/metrics/run_statistics.h"
#include "epfleet/report/run_verdict.h"

namespace epfleet::experiment {

// Of full steps, with the mix of requests of a run; 0: the run served none.
struct NodeCapacity {
  double prefill_tps = 0.0;  // computed tokens per second of a node
  double decode_tps = 0.0;   // emitted
};

[[nodiscard]] cluster::StepMix mix_of(const metrics::RunStatistics& statistics);
[[nodiscard]] NodeCapacity node_capacity(const cluster::FleetSpec& spec,
                                         const cluster::StepPricers& pricers,
                                         const metrics::RunStatistics& statistics);
[[nodiscard]] report::PhaseLoads loads_of(const NodeCapacity& capacity,
                                          const metrics::RunStatistics& statistics);
// Requests in service drift over the window by more than 3 % and four times what chance makes of so
// many requests that come and go.
[[nodiscard]] bool drifts(const metrics::RunStatistics& statistics);

[[nodiscard]] report::RunVerdict verdict_of(const cluster::FleetSpec& spec,
                                            const cluster::StepPricers& pricers,
                                            const NodeCapacity& capacity,
                                            const metrics::RunStatistics& statistics);

}  // namespace epfleet::experiment
