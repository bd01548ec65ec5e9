// `epfleet compare`: which of several runs, or cases of sweeps, is better, and is that more than
// chance.
#pragma once

#include <string>
#include <vector>

namespace epfleet::cli {

struct CompareRequest {
  std::vector<std::string> folders;
  std::string baseline;              // empty: the first
  std::vector<std::string> metrics;  // empty: the sweep's, or the usual ones
  std::string out;                   // empty: nothing is written
};

// Throws InputError and MachineError.
void compare_command(const CompareRequest& request);

}  // namespace epfleet::cli
