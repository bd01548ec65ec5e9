// What must hold between keys: each value may be fine alone and still contradict another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epfleet/config/scenario.h"

namespace epfleet::config {

struct Contradiction {
  std::vector<std::string> keys;  // that are in it; the first is where it is shown
  std::string what;
  std::string remedy;
};

// Why this cannot be the name of a scenario or sweep, which is that of its folder below out/;
// empty: it can.
[[nodiscard]] std::string_view name_fault(std::string_view name);
inline constexpr const char* kNameRemedy = "choose a plain name, for example my_fleet";

// Every contradiction; empty if the scenario can be run. Reads no file, only looks whether traces
// exist.
[[nodiscard]] std::vector<Contradiction> check(const Scenario& scenario);

}  // namespace epfleet::config
