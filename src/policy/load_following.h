// Rules that follow the load: a SizingRule says how many units the load needs, one control loop
// makes targets of it.
// Modelled: decisions every scaling.interval; phases in groups, or apart (scaling.separate); at
//   least min_groups, at most max_groups, the pool and the budget, units that load and drain
//   counted; down to the most that was wanted during scaling.stabilisation, draining first.
// Source: Kubernetes HPA (stabilisation window); Dynamo planner (budget).
#pragma once

#include <memory>
#include <string>

#include "epfleet/policy/scaling.h"

namespace epfleet::policy {

// How many units are needed that serve, of which FleetView::current() are there or load; fractions
// are rounded up. What is down comes on top.
struct Wanted {
  double prefill_units = 0.0, decode_units = 0.0;
  std::string why{};
};

class SizingRule {
 public:
  virtual ~SizingRule() = default;
  // REQUIRES: view.traffic.seconds > 0.
  [[nodiscard]] virtual Wanted size(const FleetView& view, base::TimePoint now) = 0;
  [[nodiscard]] virtual bool knows_demand() const { return false; }
};

[[nodiscard]] std::unique_ptr<ScalingRule> follow_load(const ScalingSetup& setup,
                                                       std::unique_ptr<SizingRule> rule);

}  // namespace epfleet::policy
