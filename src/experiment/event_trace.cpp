#include "event_trace.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "epfleet/base/error.h"

namespace epfleet::experiment {

void CloseFile::operator()(std::FILE* file) const { std::fclose(file); }

void finish_trace(TraceFile trace, const std::string& path) {
  if (trace && std::fclose(trace.release()) != 0) {  // the last lines may not fit on the disk
    throw base::MachineError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
}

TraceFile trace_events_to(const std::string& path, cluster::Fleet& fleet) {
  if (path.empty()) {
    return nullptr;
  }
  TraceFile file(std::fopen(path.c_str(), "w"));
  if (!file) {
    throw base::MachineError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  fleet.trace_to([out = file.get(), path](const engine::Event& event) {
    const std::string line =
        fmt::format("{} {} {} {}\n", event.time.time_since_epoch().count(),
                    static_cast<int>(event.phase), cluster::Fleet::label(event.kind), event.target);
    if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) {
      throw base::MachineError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    }
  });
  return file;
}

}  // namespace epfleet::experiment
