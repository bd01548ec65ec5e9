// `epfleet sweep`: run all cases, or a shard of them, or make the table of what shards have left.
#pragma once

#include <string>

#include "progress_bar.h"

namespace epfleet::cli {

struct SweepRequest {
  std::string sweep;
  std::string out;       // empty: out/NAME
  unsigned workers = 0;  // 0: one a core
  bool resume = false;
  std::string shard;  // "I/N"; empty: everything
  std::string merge;  // folder; empty: run
  bool list = false;  // say what would run
  ProgressMode progress = ProgressMode::Auto;
  bool quiet = false;
};

// Returns the exit code: 0; 1 when cases failed or are missing; 128 + signal. Throws InputError and
// MachineError.
int sweep_command(const SweepRequest& request);

}  // namespace epfleet::cli
