#include <algorithm>
#include <functional>
#include <numeric>
#include <ranges>

#include "placement_rules.h"

namespace epfleet::experts {
namespace {

using Index = std::int32_t;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

struct Packing {
  std::vector<Index> pack;  // by item
  std::vector<Index> rank;  // by item: its place within the pack
};

// Items in order of falling weight, the first of equals first.
std::vector<Index> heaviest_first(std::span<const float> weight) {
  std::vector<Index> order(weight.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](Index item) { return weight[size(item)]; });
  return order;
}

// Equally many items to every pack: heaviest first, each to the lightest pack with room, the first
// of equals.
Packing balanced_packing(std::span<const float> weight, std::int64_t packs) {
  const auto room = static_cast<Index>(static_cast<std::int64_t>(weight.size()) / packs);
  Packing packing{std::vector<Index>(weight.size()), std::vector<Index>(weight.size(), 0)};
  if (room == 1) {
    std::iota(packing.pack.begin(), packing.pack.end(), 0);
    return packing;
  }
  std::vector<Index> items(size(packs), 0);
  std::vector<float> filled(size(packs), 0.0F);
  for (const Index item : heaviest_first(weight)) {
    auto with_room = std::views::iota(std::size_t{0}, items.size()) |
                     std::views::filter([&](std::size_t pack) { return items[pack] < room; });
    const std::size_t lightest =
        *std::ranges::min_element(with_room, {}, [&](std::size_t pack) { return filled[pack]; });
    packing.pack[size(item)] = static_cast<Index>(lightest);
    packing.rank[size(item)] = items[lightest]++;
    filled[lightest] += weight[size(item)];
  }
  return packing;
}

// The experts in the order node by node, group by group.
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

}  // namespace

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

LayerPlacement place_by_node(std::span<const double> load, const ExpertSlots& sizes,
                             const FillNode& fill) {
  const bool hierarchical = sizes.groups % sizes.nodes == 0;
  const std::int64_t nodes = hierarchical ? sizes.nodes : 1;
  const std::vector<float> weight(load.begin(), load.end());
  const std::vector<Index> order = experts_by_node(weight, hierarchical ? sizes.groups : 1, nodes);
  LayerPlacement placement{std::vector<Index>(size(sizes.slots)),
                           std::vector<Index>(size(sizes.experts))};
  const std::size_t experts_per_node = size(sizes.experts / nodes);
  const std::size_t slots_per_node = size(sizes.slots / nodes);
  const std::span<Index> slots(placement.physical_to_logical);
  for (std::size_t node = 0; node < size(nodes); ++node) {
    fill(std::span(order).subspan(node * experts_per_node, experts_per_node),
         slots.subspan(node * slots_per_node, slots_per_node), placement);
  }
  return placement;
}

LayerPlacement place_by_eplb(std::span<const double> load, const ExpertSlots& sizes) {
  const std::size_t slots_per_gpu = size(sizes.slots / sizes.gpus);
  return place_by_node(
      load, sizes,
      [&](std::span<const Index> experts, std::span<Index> slots, LayerPlacement& placement) {
        std::vector<float> own;
        for (const Index expert : experts) {
          own.push_back(static_cast<float>(load[size(expert)]));
        }
        const Replicas replicas = replicate(own, std::ssize(slots));
        std::vector<float> copy_weight;
        for (const Index expert : replicas.expert) {
          copy_weight.push_back(own[size(expert)] /
                                static_cast<float>(replicas.count[size(expert)]));
        }
        const auto gpus = static_cast<std::int64_t>(slots.size() / slots_per_gpu);
        const Packing packing = balanced_packing(copy_weight, gpus);
        for (std::size_t copy = 0; copy < slots.size(); ++copy) {
          slots[size(packing.pack[copy]) * slots_per_gpu + size(packing.rank[copy])] =
              experts[size(replicas.expert[copy])];
        }
        for (std::size_t i = 0; i < experts.size(); ++i) {
          placement.logical_count[size(experts[i])] = replicas.count[i];
        }
      });
}

}  // namespace epfleet::experts
