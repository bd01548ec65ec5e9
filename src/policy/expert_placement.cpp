#include "epfleet/policy/expert_placement.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <utility>

#include "epfleet/base/error.h"

namespace epfleet::policy {
namespace {

using Index = std::int32_t;

constexpr std::array<ExpertRuleRow, 3> kRules = {{
    {"none", "expert i on slot i, redundant slots copy the first experts", ExpertRule::None},
    {"static", "EPLB once, from loads a day old, never rebalanced", ExpertRule::Static},
    {"eplb", "EPLB, rebalanced regularly from observed loads", ExpertRule::Eplb},
}};

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

struct Packing {
  std::vector<Index> pack;  // by item
  std::vector<Index> rank;  // by item: its place within the pack
};

// Items in order of falling weight, the first of equals first.
std::vector<Index> heaviest_first(std::span<const float> weight) {
  std::vector<Index> order(weight.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    const float left = weight[size(a)], right = weight[size(b)];
    return left > right || (!(right > left) && a < b);
  });
  return order;
}

// Equally many items to every pack: each in turn, heaviest first, to the lightest pack with room.
Packing balanced_packing(std::span<const float> weight, std::int64_t packs) {
  const auto room = static_cast<Index>(static_cast<std::int64_t>(weight.size()) / packs);
  Packing packing{std::vector<Index>(weight.size()), std::vector<Index>(weight.size(), 0)};
  if (room == 1) {
    std::iota(packing.pack.begin(), packing.pack.end(), 0);
    return packing;
  }
  // A heap with the lightest pack on top, the first of equals.
  std::vector<std::pair<float, Index>> lightest(size(packs));
  for (Index pack = 0; pack < packs; ++pack) {
    lightest[size(pack)] = {0.0F, pack};
  }
  std::vector<Index> items(size(packs), 0);
  for (const Index item : heaviest_first(weight)) {
    std::pop_heap(lightest.begin(), lightest.end(), std::greater<>());
    auto& [pack_weight, pack] = lightest.back();
    packing.pack[size(item)] = pack;
    packing.rank[size(item)] = items[size(pack)]++;
    pack_weight += weight[size(item)];
    if (items[size(pack)] < room) {
      std::push_heap(lightest.begin(), lightest.end(), std::greater<>());
    } else {
      lightest.pop_back();
    }
  }
  return packing;
}

struct Replicas {
  std::vector<Index> expert;  // by copy; the first copies are experts 0, 1, ...
  std::vector<Index> count;   // by expert
};

// Every further copy goes to the expert with the most load per copy.
Replicas replicate(std::span<const float> weight, std::int64_t copies) {
  Replicas replicas{std::vector<Index>(weight.size()), std::vector<Index>(weight.size(), 1)};
  std::iota(replicas.expert.begin(), replicas.expert.end(), 0);
  std::vector<float> per_copy(weight.begin(), weight.end());
  while (replicas.expert.size() < size(copies)) {
    const auto hottest = std::max_element(per_copy.begin(), per_copy.end()) - per_copy.begin();
    const std::size_t expert = size(hottest);
    replicas.expert.push_back(static_cast<Index>(hottest));
    per_copy[expert] = weight[expert] / static_cast<float>(++replicas.count[expert]);
  }
  return replicas;
}

// Step 1 of EPLB: groups to nodes; the experts in the order node by node, group by group.
std::vector<Index> experts_by_node(std::span<const float> weight, std::int64_t groups,
                                   std::int64_t nodes) {
  const std::size_t group_size = weight.size() / size(groups);
  std::vector<float> group_weight(size(groups));
  for (std::size_t group = 0; group < group_weight.size(); ++group) {
    const auto members = weight.subspan(group * group_size, group_size);
    group_weight[group] = std::accumulate(members.begin(), members.end(), 0.0F);
  }
  const Packing packing = balanced_packing(group_weight, nodes);
  const std::size_t groups_per_node = size(groups / nodes);
  std::vector<Index> order(weight.size());
  for (std::size_t group = 0; group < group_weight.size(); ++group) {
    const std::size_t place =
        size(packing.pack[group]) * groups_per_node + size(packing.rank[group]);
    for (std::size_t i = 0; i < group_size; ++i) {
      order[place * group_size + i] = static_cast<Index>(group * group_size + i);
    }
  }
  return order;
}

// Steps 2 and 3 within one node: replicate its experts, pack the copies to its GPUs.
void place_on_node(std::span<const Index> experts, std::span<const float> weight, std::int64_t gpus,
                   std::span<Index> slots, LayerPlacement& placement) {
  std::vector<float> own(experts.size());
  std::transform(experts.begin(), experts.end(), own.begin(),
                 [&](Index expert) { return weight[size(expert)]; });
  const Replicas replicas = replicate(own, static_cast<std::int64_t>(slots.size()));
  std::vector<float> copy_weight(slots.size());
  for (std::size_t copy = 0; copy < slots.size(); ++copy) {
    const std::size_t expert = size(replicas.expert[copy]);
    copy_weight[copy] = own[expert] / static_cast<float>(replicas.count[expert]);
  }
  const Packing packing = balanced_packing(copy_weight, gpus);
  const std::size_t slots_per_gpu = slots.size() / size(gpus);
  for (std::size_t copy = 0; copy < slots.size(); ++copy) {
    const std::size_t slot = size(packing.pack[copy]) * slots_per_gpu + size(packing.rank[copy]);
    slots[slot] = experts[size(replicas.expert[copy])];
  }
  for (std::size_t i = 0; i < experts.size(); ++i) {
    placement.logical_count[size(experts[i])] = replicas.count[i];
  }
}

LayerPlacement place_by_eplb(std::span<const float> weight, const ExpertSlots& sizes) {
  const bool hierarchical = sizes.groups % sizes.nodes == 0;
  const std::int64_t nodes = hierarchical ? sizes.nodes : 1;
  const std::int64_t groups = hierarchical ? sizes.groups : 1;
  const std::vector<Index> order = experts_by_node(weight, groups, nodes);
  LayerPlacement placement{std::vector<Index>(size(sizes.slots)),
                           std::vector<Index>(size(sizes.experts))};
  const std::size_t experts_per_node = size(sizes.experts / nodes);
  const std::size_t slots_per_node = size(sizes.slots / nodes);
  for (std::size_t node = 0; node < size(nodes); ++node) {
    place_on_node(
        std::span(order).subspan(node * experts_per_node, experts_per_node), weight,
        sizes.gpus / nodes,
        std::span(placement.physical_to_logical).subspan(node * slots_per_node, slots_per_node),
        placement);
  }
  return placement;
}

LayerPlacement place_in_order(const ExpertSlots& sizes) {
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

std::span<const ExpertRuleRow> expert_rules() { return kRules; }

std::optional<ExpertRule> expert_rule(std::string_view name) {
  const auto row =
      std::find_if(kRules.begin(), kRules.end(), [&](const auto& r) { return r.name == name; });
  return row == kRules.end() ? std::nullopt : std::optional(row->rule);
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
                             ExpertRule rule) {
  EPFLEET_CHECK(problems_of(sizes).empty(), "experts fit the slots");
  EPFLEET_CHECK(load.size() == size(sizes.experts), "one load per expert");
  if (rule == ExpertRule::None) {
    return place_in_order(sizes);
  }
  std::vector<float> weight(load.size());
  std::transform(load.begin(), load.end(), weight.begin(),
                 [](double value) { return static_cast<float>(value); });
  return place_by_eplb(weight, sizes);
}

std::vector<double> gpu_loads(const LayerPlacement& placement, std::span<const double> load,
                              std::int64_t gpus) {
  std::vector<double> loads(size(gpus), 0.0);
  const std::size_t slots_per_gpu = placement.physical_to_logical.size() / size(gpus);
  for (std::size_t slot = 0; slot < placement.physical_to_logical.size(); ++slot) {
    const std::size_t expert = size(placement.physical_to_logical[slot]);
    loads[slot / slots_per_gpu] += load[expert] / placement.logical_count[expert];
  }
  return loads;
}

double balancedness(std::span<const double> gpu_load) {
  const double largest = *std::max_element(gpu_load.begin(), gpu_load.end());
  const double sum = std::accumulate(gpu_load.begin(), gpu_load.end(), 0.0);
  return largest > 0.0 ? sum / static_cast<double>(gpu_load.size()) / largest : 1.0;
}

}  // namespace epfleet::policy
