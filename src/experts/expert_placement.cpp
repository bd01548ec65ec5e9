#include "epfleet/experts/expert_placement.h"

#include <algorithm>
#include <numeric>

#include "epfleet/base/error.h"
#include "placement_rules.h"

namespace epfleet::experts {
namespace {

using Index = std::int32_t;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

LayerPlacement place_in_order(std::span<const double> /*load*/, const ExpertSlots& sizes) {
  LayerPlacement placement{std::vector<Index>(size(sizes.slots)),
                           std::vector<Index>(size(sizes.experts), 0)};
  for (std::size_t slot = 0; slot < placement.physical_to_logical.size(); ++slot) {
    const std::size_t expert = slot % size(sizes.experts);
    placement.physical_to_logical[slot] = static_cast<Index>(expert);
    ++placement.logical_count[expert];
  }
  return placement;
}

}  // namespace

const base::Registry<ExpertRule>& expert_rules() {
  static constexpr base::Registry<ExpertRule>::Row kRows[] = {
      {"none", "expert i on slot i, redundant slots copy the first experts", {place_in_order}},
      {"static",
       "EPLB once, from loads a day old, never rebalanced",
       {.place = place_by_eplb, .day_old = true}},
      {"eplb",
       "EPLB, rebalanced regularly from observed loads",
       {.place = place_by_eplb, .rebalances = true}},
      {"weighted",
       "copies take weighted shares that fill up the GPUs, rebalanced as eplb",
       {.place = place_weighted, .rebalances = true, .reshares = true}},
  };
  static constexpr base::Registry<ExpertRule> kRules("experts.balancer", kRows);
  return kRules;
}

std::vector<std::string_view> problems_of(const ExpertSlots& sizes) {
  if (sizes.experts < 1 || sizes.groups < 1 || sizes.nodes < 1 || sizes.gpus < 1) {
    return {"experts, groups, nodes and GPUs must be at least 1"};
  }
  std::vector<std::string_view> problems;
  const auto require = [&](bool holds, std::string_view problem) {
    if (!holds) {
      problems.push_back(problem);
    }
  };
  require(sizes.slots >= sizes.experts, "there must be a replica for every expert");
  require(sizes.experts % sizes.groups == 0, "experts must be a multiple of groups");
  require(sizes.gpus % sizes.nodes == 0, "GPUs must be a multiple of nodes");
  require(sizes.slots % sizes.gpus == 0, "replicas must be a multiple of GPUs");
  return problems;
}

LayerPlacement place_experts(std::span<const double> load, const ExpertSlots& sizes,
                             const ExpertRule& rule) {
  EPFLEET_CHECK(problems_of(sizes).empty(), "experts fit the slots");
  EPFLEET_CHECK(load.size() == size(sizes.experts), "one load per expert");
  return rule.place(load, sizes);
}

std::vector<double> gpu_loads(const LayerPlacement& placement, std::span<const double> load,
                              std::int64_t gpus) {
  std::vector<double> loads(size(gpus), 0.0);
  const std::size_t slots_per_gpu = placement.physical_to_logical.size() / size(gpus);
  for (std::size_t slot = 0; slot < placement.physical_to_logical.size(); ++slot) {
    const std::size_t expert = size(placement.physical_to_logical[slot]);
    loads[slot / slots_per_gpu] += placement.share.empty()
                                       ? load[expert] / placement.logical_count[expert]
                                       : load[expert] * placement.share[slot];
  }
  return loads;
}

double balancedness(std::span<const double> gpu_load) {
  const double largest = *std::max_element(gpu_load.begin(), gpu_load.end());
  const double sum = std::accumulate(gpu_load.begin(), gpu_load.end(), 0.0);
  return largest > 0.0 ? sum / static_cast<double>(gpu_load.size()) / largest : 1.0;
}

}  // namespace epfleet::experts
