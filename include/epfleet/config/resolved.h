// The complete scenario as text: every key with its value, what was not stated marked as default.
// It is a scenario file again: loading it gives the same scenario.
// Paths in it are relative to the scenario's folder, so that no result names the machine it was
// made on.
#pragma once

#include <string>

#include "epfleet/config/scenario.h"

namespace epfleet::config {

[[nodiscard]] std::string resolved_document(const Scenario& scenario);

// 16 hexadecimal digits over every key and value that decides what is simulated: not the name, the
// seed and report.*; two files that resolve to the same scenario have the same one.
[[nodiscard]] std::string scenario_fingerprint(const Scenario& scenario);

}  // namespace epfleet::config
