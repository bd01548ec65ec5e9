// The scaling rule's question: how many groups of units are allotted from now on, and how many of
// them take requests. A rule sees value snapshots of the fleet, never live objects.
#pragma once

#include <cstdint>

#include "epfleet/base/time.h"
#include "epfleet/policy/scaling_config.h"

namespace epfleet::policy {

struct Target {
  std::int64_t allotted = 0;  // groups that are charged: new ones load, those beyond are released
  std::int64_t serving = 0;   // of these, groups that take requests; the others drain
  base::TimePoint next = base::TimePoint::max();  // when the rule wants to be asked again
};

// The units of one phase.
struct PhaseView {
  std::int64_t off = 0, loading = 0, serving = 0, draining = 0, down = 0;  // units
  std::int64_t waiting_requests = 0;
  // Work at hand over what the serving units take. Prefill: prompt tokens that wait or run, in full
  // steps; decode: KV in the room for it, 0 to 1.
  double load = 0.0;
};

struct FleetView {
  base::Duration age{};  // of all that follows
  Target target;         // in force
  PhaseView prefill, decode;
};

class ScalingRule {
 public:
  virtual ~ScalingRule() = default;
  // Asked at the start of the run, whose units serve at once, and at every Target::next.
  // Returns 0 <= serving <= allotted <= most_groups() and next > now.
  [[nodiscard]] virtual Target decide(const FleetView& view, base::TimePoint now) = 0;
  // So many groups are made ready for a run.
  [[nodiscard]] virtual std::int64_t most_groups() const = 0;
};

// What a rule is made from.
struct ScalingSetup {
  const ScalingConfig& config;
  std::int64_t groups;  // fleet.groups
  base::TimePoint run_start, run_end;
};

}  // namespace epfleet::policy
