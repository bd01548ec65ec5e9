// What holds of every run, whatever its traffic, settings and failures.
#pragma once

#include "support/small_fleet.h"

namespace epfleet::test {

// Every request has ended.
[[nodiscard]] bool is_drained(const FleetRun& run);

// Conservation of requests, tokens, node time and memory, causality, Little's law. To be asked
// within a property: a law that is broken ends it.
void expect_laws(const FleetRun& run);

}  // namespace epfleet::test
