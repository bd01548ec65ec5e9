// The requests that a scenario would ask for, as a trace file, without simulating the service.
// Modelled: whatever the scenario's workload is: sessions, or a trace that is cut, repeated, copied
//   and laid under an hourly shape. A session's next turn waits for the answer as long as the
//   estimate says (expected_service.h), not as long as a simulated queue would make it wait.
//   What sessions have in the store at the start is in the file, as the session_tokens of their
//   first request here.
// Left out: what else is in the store at the start, and takes room there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/config/scenario.h"

namespace epfleet::experiment {

struct MadeTrace {
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::vector<std::string> notes;  // what a replay must know
};

// Of the warm-up and the counted window, up to `until` of the window. Throws InputError,
// MachineError.
[[nodiscard]] MadeTrace make_trace(const config::Scenario& scenario, base::Duration until,
                                   const std::string& path);

}  // namespace epfleet::experiment
