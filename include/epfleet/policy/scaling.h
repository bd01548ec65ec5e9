// The scaling rule's question: how many units of each phase are allotted from now on, and how many
// of them take requests. A rule sees value snapshots of the fleet, never live objects.
#pragma once

#include <cstdint>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/policy/scaling_config.h"
#include "epfleet/policy/unit_counts.h"

namespace epfleet::policy {

struct Target {
  UnitCounts allotted;  // that are charged: new ones load, those beyond are released
  UnitCounts serving;   // of these, those that take requests; the others drain
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
  // Returns 0 <= serving <= allotted <= most_units(), phase by phase, and next > now.
  [[nodiscard]] virtual Target decide(const FleetView& view, base::TimePoint now) = 0;
  // So many units are made ready for a run.
  [[nodiscard]] virtual UnitCounts most_units() const = 0;
};

// What a rule is made from.
struct ScalingSetup {
  const ScalingConfig& config;
  UnitCounts base, group;  // fleet.base, fleet.group
  std::int64_t groups;     // fleet.groups
  base::TimePoint run_start, run_end;

  [[nodiscard]] UnitCounts units(std::int64_t groups_allotted) const {
    return base + groups_allotted * group;
  }
};

}  // namespace epfleet::policy
