// `epfleet run` and `epfleet replay`: load, run, write, show.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "progress_bar.h"
#include "replay_command.h"

namespace epfleet::cli {

struct RunRequest {
  std::string scenario;
  std::vector<std::string> overrides;  // PATH=VALUE
  std::string out;                     // empty: out/NAME
  std::optional<std::string> seed;     // checked where the key is
  std::string until;                   // a duration; empty: the whole window
  ProgressMode progress = ProgressMode::Auto;
  bool quiet = false;
  bool json = false;
  std::string trace_events;
  ReplayOptions replay;
};

// Returns the signal that ended the run early, or 0. Throws InputError and MachineError.
int run_command(const RunRequest& request);

}  // namespace epfleet::cli
