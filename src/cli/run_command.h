// `epfleet run` and `epfleet replay`, as they were asked for.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/config/scenario.h"
#include "progress_bar.h"
#include "replay_command.h"

namespace epfleet::cli {

struct RunRequest {
  std::string scenario;
  std::vector<std::string> overrides;  // PATH=VALUE
  std::string out;                     // empty: out/NAME
  std::optional<std::string> seed;     // checked where the key is
  std::optional<std::string> until;    // a duration; none: the whole window
  ProgressMode progress = ProgressMode::Auto;
  bool quiet = false;
  bool json = false;
  bool force = false;
  bool no_page = false;
  std::string trace_events;
  std::string check_sums;  // every so many events; empty: never
  ReplayOptions replay;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

// Runs, writes and shows; returns the exit code. A run that was ended by a limit of the program
// throws MachineError, with its partial result kept.
[[nodiscard]] int run_loaded(const config::Scenario& scenario, const RunRequest& request);

}  // namespace epfleet::cli
