// The requests that a scenario would ask for, as a trace file, without simulating the service.
// Modelled: whatever the scenario's workload is: sessions, or a trace that is cut, repeated, copied
//   and laid under an hourly shape. A session's next turn waits for the answer as long as the
//   estimate says (expected_service.h), not as long as a simulated queue would make it wait.
// Left out: the store's content at the start; a replay of the trace starts cold.
#pragma once

#include <cstdint>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

struct MadeTrace {
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

// Of the warm-up and the counted window, up to `until` of the window. Throws InputError,
// MachineError.
[[nodiscard]] MadeTrace make_trace(const config::Scenario& scenario, base::Duration until,
                                   const std::string& path);

}  // namespace epfleet::experiment
