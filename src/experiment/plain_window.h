// The window of traffic that ends by itself (duration: auto).
#pragma once

#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

// With the length of its stages, or until the last of its requests, in place of auto. A closed
// loop's end shows only when it runs: it keeps its duration.
[[nodiscard]] config::Scenario with_window(const config::Scenario& scenario);

// Whether only a run tells when the last of the stated requests comes.
[[nodiscard]] bool ends_with_a_client(const config::Scenario& scenario);

}  // namespace epfleet::experiment
