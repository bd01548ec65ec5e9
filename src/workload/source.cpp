#include "epfleet/workload/source.h"

#include <fmt/core.h>

namespace epfleet::workload {

void note_early_end(base::TimePoint trace_end, base::TimePoint window_end,
                    std::vector<std::string>& notes) {
  constexpr double kShare = 0.01;  // of the window
  const double idle_s = base::to_seconds(window_end - trace_end);
  if (idle_s > kShare * base::to_seconds(window_end)) {
    notes.push_back(fmt::format(
        "the trace ends {:.6g} s before the window of {:.6g} s does: rates, busy shares "
        "and money are of all of the window (duration)",
        idle_s, base::to_seconds(window_end)));
  }
}

}  // namespace epfleet::workload
