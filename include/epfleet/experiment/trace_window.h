// How long the trace of a scenario goes on.
#pragma once

#include <optional>

#include "epfleet/base/time.h"
#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

// The counted window that plays it whole, once, after the warm-up; none: it is repeated or laid
// under a rate or shape, has no length of its own, or there is none. Reads it. Throws InputError.
[[nodiscard]] std::optional<base::Duration> window_of_trace(const config::Scenario& scenario);

}  // namespace epfleet::experiment
