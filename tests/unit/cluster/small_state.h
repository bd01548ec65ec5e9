// The state of a small fleet, without the parts that work on it: up to `groups` groups of one
// prefill and one decode unit of 4 nodes each, on a base of one each.
#pragma once

#include <string>
#include <vector>

#include "epfleet/cluster/fleet_state.h"
#include "support/small_fleet.h"

namespace epfleet::cluster {

struct SmallState {
  explicit SmallState(std::vector<std::string> keys = {}, std::int64_t groups = 0)
      : scenario(test::small_fleet(1, std::move(keys))),
        pricers(make_step_pricers(scenario)),
        fleet(scenario, pricers, {1 + groups, 1 + groups}) {}

  // Prefill and decode units serve.
  void open_all() {
    for (std::uint32_t unit = 0; unit < fleet.prefill.size(); ++unit) {
      fleet.prefill.change_state(unit, UnitState::Serving);
      fleet.decode.change_state(unit, UnitState::Serving);
    }
  }

  config::Scenario scenario;
  StepPricers pricers;
  FleetState fleet;
};

}  // namespace epfleet::cluster
