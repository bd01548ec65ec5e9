// `epfleet experts`: where the copies of experts go for given loads, and how even that is.
#pragma once

#include <cstdint>
#include <string>

namespace epfleet::cli {

struct ExpertsRequest {
  std::string loads;  // CSV file
  std::int64_t replicas = 0, groups = 0, nodes = 0, gpus = 0;
  std::string rule = "eplb";
  bool json = false;
};

// Prints to stdout. Throws InputError.
void experts_command(const ExpertsRequest& request);

}  // namespace epfleet::cli
