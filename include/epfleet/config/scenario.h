// Everything that a run is given: the configurations of all modules in one aggregate.
// Plain values with defaults in place; what a key is called, what it may hold and why is in the key
// table (key.h), and what must hold between keys in check.h.
#pragma once

#include <set>
#include <string>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/config/value.h"
#include "epfleet/cost/config.h"
#include "epfleet/hardware/profile.h"

namespace epfleet::config {

struct Scenario : cluster::FleetSpec {  // what the fleet takes, with the same names
  std::string name = "scenario";
  CalendarTime start;                  // of the counted window
  bool ends_by_itself = false;         // duration: auto; then it is whoever's that runs it
  hardware::HardwareProfile hardware;  // prefill's and decode's are this with their own on top
  cost::PricesConfig prices;
  cost::EnergyConfig energy;

  // Where it came from; no part of what is simulated.
  std::string file;             // the scenario file, as given
  std::set<std::string> given;  // keys that a file or --set states; the others are defaults
};

}  // namespace epfleet::config
