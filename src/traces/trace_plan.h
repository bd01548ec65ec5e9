// How a scenario wants a request trace to be played.
#pragma once

#include "epfleet/traces/trace_stream.h"
#include "epfleet/workload/config.h"

namespace epfleet::traces {

[[nodiscard]] TraceCut cut_of(const workload::WorkloadConfig& config, std::uint64_t seed);

// A rate or an hourly shape decides the times.
[[nodiscard]] bool is_shaped(const workload::WorkloadConfig& config);

[[nodiscard]] double copies_of(const ScannedTrace& trace, const workload::WorkloadConfig& config);

// Of the trace's own time.
[[nodiscard]] double stretch_factor(const ScannedTrace& trace,
                                    const workload::WorkloadConfig& config);

}  // namespace epfleet::traces
