// A small service whose units fail, and what must hold of it whatever fails and whatever is done
// about it.
#pragma once

#include <string>
#include <vector>

#include "epfleet/cluster/failure_plan.h"
#include "support/small_fleet.h"

namespace epfleet::test::failing {

using base::Duration;
using base::TimePoint;
using cluster::FailureKind;
using cluster::FailuresConfig;
using cluster::InFlight;
using cluster::Recovery;
using cluster::UnitKind;
using observe::Outcome;
using observe::RequestDone;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using NodeTime = observe::FleetSample::NodeTime;

constexpr std::int64_t kNodes = 4;  // of a unit
constexpr Duration kStartUp = seconds(20);

// Two units of each phase (of one group each), whose decode units have 12 slots of experts a GPU:
// room for all experts without one of their nodes.
std::vector<std::string> keys(std::vector<std::string> more = {});

FailuresConfig quick_to_recover();

FailuresConfig one(FailureKind what, UnitKind kind, std::int64_t unit, std::int64_t gpu,
                   Duration at = minutes(2));

// Step prices are made once for the scenario, whatever fails in it.
FleetRun run(const FailuresConfig& failures, std::vector<std::string> more = {},
             std::uint64_t seed = 1);

inline std::int64_t node_ns(Duration time) { return time.count() * kNodes; }

NodeTime all(const observe::FleetSample& sample);

void expect_conserved(const FleetRun& run);

}  // namespace epfleet::test::failing
