// `epfleet experts`: where the copies of experts go for given loads and how even that is; or how
// even the experts of a scenario's units are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epfleet::cli {

// Either the loads with the sizes, or a scenario.
struct ExpertsRequest {
  std::string loads;  // CSV file
  std::int64_t replicas = 0, groups = 0, nodes = 0, gpus = 0;
  std::string scenario;  // YAML file
  std::vector<std::string> overrides;
  std::string rule;  // empty: eplb, or the scenario's
  bool json = false;
};

// Print to stdout. Throw InputError.
void place_loads(const ExpertsRequest& request);
void show_expert_balance(const ExpertsRequest& request);

}  // namespace epfleet::cli
