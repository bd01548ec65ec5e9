// `epfleet plan`: the best value of a key under the objectives, and what would change it.
#pragma once

#include <string>
#include <vector>

namespace epfleet::cli {

struct PlanRequest {
  std::string scenario;
  std::vector<std::string> vary;
  std::string meet;
  std::string minimise, maximise;    // one of them
  std::vector<std::string> what_if;  // empty: the usual two
  std::vector<std::string> overrides;
  std::string out;
  bool quiet = false;
};

// Returns the signal that ended it early, or 0. Throws InputError and MachineError.
int plan_command(const PlanRequest& request);

}  // namespace epfleet::cli
