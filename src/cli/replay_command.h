// `epfleet replay`: a trace and how it is played, as overrides of the scenario's keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.h"

namespace epfleet::cli {

struct ReplayOptions {
  std::string trace;  // empty: no replay
  std::optional<double> rate_scale;
  std::vector<std::string> values;  // of the options for traces of requests; empty: not given
};

// REQUIRES: `replay` lives until the command line is parsed.
void add_replay_options(Command command, ReplayOptions& replay);

// Throws InputError: no such trace, or options that a token-rate trace does not know.
[[nodiscard]] std::vector<std::string> replay_overrides(const ReplayOptions& replay);

// The options as they are typed, without paths of this machine.
[[nodiscard]] std::string replay_arguments(const ReplayOptions& replay);

}  // namespace epfleet::cli
