// What will fail in a run, and when: drawn before it begins, or as failures.at says.
// Modelled: every unit's nodes fail as a Poisson process each, whatever the unit does; what falls
//   on a unit that is not allotted does not count. Node, GPU or NIC by the causes counted in the
//   training of Llama 3 (arXiv 2407.21783): of 419, 268 of a GPU or its memory, 42 of a NIC, switch
//   or cable, 109 others, which take the node.
// Left out: nodes that fail again and again; failures of several nodes at once (a rack, a switch);
//   a failure rate of stragglers and of the store (only by the list).
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/cluster/fleet_spec.h"

namespace epfleet::cluster {

struct Failure {
  base::TimePoint at;
  FailureKind what = FailureKind::Node;
  UnitName unit;           // not of the store
  std::uint32_t gpu = 0;   // of the unit
  base::Duration lasts{};  // until the hardware is back, without a spare
  double share = 1.0;      // of its rate or speed that is left
};

// In order of time. Of units that a run of the spec may have: so many of each kind.
[[nodiscard]] std::vector<Failure> failure_plan(const FleetSpec& spec, std::int64_t prefill_units,
                                                std::int64_t decode_units);

}  // namespace epfleet::cluster
