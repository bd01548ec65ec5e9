#include "experts_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/experts/expert_loads_csv.h"
#include "epfleet/experts/expert_placement.h"

namespace epfleet::cli {
namespace {

base::Problem problem(std::string key, std::string what, std::string remedy) {
  return {.key = std::move(key), .what = std::move(what), .remedy = std::move(remedy)};
}

experts::ExpertSlots slots_of(const ExpertsRequest& request, const experts::ExpertLoads& loads) {
  const experts::ExpertSlots slots{static_cast<std::int64_t>(loads.front().size()),
                                   request.replicas, request.groups, request.nodes, request.gpus};
  std::vector<base::Problem> problems;
  for (const std::string_view what : experts::problems_of(slots)) {
    problems.push_back(
        problem("", std::string(what), fmt::format("there are {} experts", slots.experts)));
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  return slots;
}

struct Placed {
  std::vector<experts::LayerPlacement> layers;
  std::vector<std::vector<double>> gpu_loads;
};

template <class Rows>
std::string json_rows(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("{}    [{}]", text.empty() ? "" : ",\n", fmt::join(row, ", "));
  }
  return "[\n" + text + "\n  ]";
}

// Only where copies do not share evenly.
std::string share_rows(const Placed& placed) {
  std::vector<std::vector<double>> shares;
  for (const experts::LayerPlacement& layer : placed.layers) {
    shares.push_back(layer.share);
  }
  return shares.front().empty() ? "" : fmt::format("  \"share\": {},\n", json_rows(shares));
}

void print_json(const Placed& placed) {
  std::vector<std::vector<std::int32_t>> physical, counts;
  std::vector<double> balancedness;
  for (std::size_t i = 0; i < placed.layers.size(); ++i) {
    physical.push_back(placed.layers[i].physical_to_logical);
    counts.push_back(placed.layers[i].logical_count);
    balancedness.push_back(experts::balancedness(placed.gpu_loads[i]));
  }
  fmt::print(
      "{{\n  \"physical_to_logical\": {},\n  \"logical_count\": {},\n{}  \"gpu_load\": {},\n"
      "  \"balancedness\": [{}]\n}}\n",
      json_rows(physical), json_rows(counts), share_rows(placed), json_rows(placed.gpu_loads),
      fmt::join(balancedness, ", "));
}

void print_table(const Placed& placed) {
  fmt::print("layer  copies of the hottest  mean GPU load  largest GPU load  mean / max\n");
  double sum = 0.0;
  for (std::size_t i = 0; i < placed.layers.size(); ++i) {
    const std::vector<double>& loads = placed.gpu_loads[i];
    const auto& counts = placed.layers[i].logical_count;
    const double mean =
        std::accumulate(loads.begin(), loads.end(), 0.0) / static_cast<double>(loads.size());
    const double even = experts::balancedness(loads);
    sum += even;
    fmt::print("{:>5}  {:>21}  {:>13.5g}  {:>16.5g}  {:>10.4f}\n", i,
               *std::max_element(counts.begin(), counts.end()), mean,
               *std::max_element(loads.begin(), loads.end()), even);
  }
  fmt::print("mean over {} layers: mean / max {:.4f}\n", placed.layers.size(),
             sum / static_cast<double>(placed.layers.size()));
}

}  // namespace

void place_loads(const ExpertsRequest& request) {
  const experts::ExpertRule& rule =
      experts::expert_rules()[request.rule.empty() ? "eplb" : request.rule];
  const experts::ExpertLoads loads = experts::read_expert_loads(request.loads);
  const experts::ExpertSlots slots = slots_of(request, loads);
  Placed placed;
  for (const std::vector<double>& load : loads) {
    placed.layers.push_back(experts::place_experts(load, slots, rule));
    placed.gpu_loads.push_back(experts::gpu_loads(placed.layers.back(), load, slots.gpus));
  }
  if (request.json) {
    print_json(placed);
  } else {
    print_table(placed);
  }
}

}  // namespace epfleet::cli
