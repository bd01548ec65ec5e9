// The file of --trace-events.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "epfleet/base/error.h"
#include "epfleet/cluster/fleet.h"

namespace epfleet::experiment {

// --trace-events: a line per executed event, "time_ns phase kind target", so that two runs can be
// compared to their first difference. Written by the C library, which also closes it on failure.
class EventTrace {
 public:
  // An empty path: no trace.
  explicit EventTrace(const std::string& path) : path_(path) {
    if (!path.empty()) {
      file_.reset(std::fopen(path.c_str(), "w"));
      check(file_ != nullptr);
    }
  }

  void follow(cluster::Fleet& fleet) {
    if (!file_) {
      return;
    }
    fleet.trace_to([this](const engine::Event& event) {
      const std::string line = fmt::format("{} {} {} {}\n", event.time.time_since_epoch().count(),
                                           static_cast<int>(event.phase),
                                           cluster::Fleet::label(event.kind), event.target);
      check(std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size());
    });
  }

  // The last lines may not fit on the disk.
  void finish() { check(!file_ || std::fclose(file_.release()) == 0); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void check(bool good) const {
    if (!good) {
      throw base::MachineError(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
    }
  }

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace epfleet::experiment
