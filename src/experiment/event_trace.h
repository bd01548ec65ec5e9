// --trace-events: one line per executed event, "time_ns phase kind target", so that two runs can be
// compared to their first difference.
#pragma once

#include <memory>
#include <string>

#include "epfleet/cluster/fleet.h"

namespace epfleet::experiment {

struct CloseFile {
  void operator()(std::FILE* file) const;
};
using TraceFile = std::unique_ptr<std::FILE, CloseFile>;

// Throws MachineError when the file cannot be made. An empty path: no trace. The file must outlive
// the run.
[[nodiscard]] TraceFile trace_events_to(const std::string& path, cluster::Fleet& fleet);

// Writes what is left and closes the file. Throws MachineError.
void finish_trace(TraceFile trace, const std::string& path);

}  // namespace epfleet::experiment
