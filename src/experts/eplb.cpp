#include "eplb.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

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

std::vector<std::int32_t> experts_by_node(std::span<const float> weight, std::int64_t groups,
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

LayerPlacement place_by_eplb(std::span<const double> load, const ExpertSlots& sizes) {
  std::vector<float> weight(load.size());
  std::transform(load.begin(), load.end(), weight.begin(),
                 [](double value) { return static_cast<float>(value); });
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

}  // namespace epfleet::experts
