#include <algorithm>
#include <cmath>
#include <functional>
#include <ranges>
#include <utility>
#include <vector>

#include "epfleet/base/arithmetic.h"
#include "epfleet/experts/expert_shares.h"
#include "placement_rules.h"

namespace epfleet::experts {
namespace {

using Index = std::int32_t;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }
using base::real;

// A GPU of the node that is being filled.
struct Gpu {
  std::vector<Index> held;
  double load = 0.0;
  std::size_t kept = 0;    // slots that are kept free for copies
  double kept_load = 0.0;  // and what the copies will bring
};

// Fills the GPUs of one node.
class Node {
 public:
  Node(std::span<const Index> experts, std::span<const double> load, std::size_t gpus,
       std::size_t slots_per_gpu)
      : load_(load),
        slots_per_gpu_(slots_per_gpu),
        gpus_(gpus),
        order_(experts.begin(), experts.end()) {
    std::vector<float> weight;
    for (const Index expert : experts) {
      weight.push_back(static_cast<float>(load_of(expert)));
      level_ += load_of(expert) / real(gpus);
    }
    const Replicas replicas = replicate(weight, static_cast<std::int64_t>(gpus * slots_per_gpu));
    count_.resize(load.size());
    for (std::size_t i = 0; i < experts.size(); ++i) {
      count_[size(experts[i])] = replicas.count[i];
    }
    std::ranges::stable_sort(order_, std::greater{},
                             [this](Index expert) { return load_of(expert); });
  }

  void fill() {
    keep_room_for_copies();
    for (const Index expert : order_) {
      if (copies_of(expert) == 1) {
        put(farthest_below(), expert, load_of(expert));
      }
    }
    for (const Index expert : order_) {
      if (copies_of(expert) > 1) {
        put_copies(expert);
      }
    }
  }

  void write(std::span<Index> slots, std::span<Index> logical_count) const {
    auto slot = slots.begin();
    for (const Gpu& gpu : gpus_) {
      slot = std::ranges::copy(gpu.held, slot).out;
    }
    for (const Index expert : order_) {
      logical_count[size(expert)] = copies_of(expert);
    }
  }

 private:
  [[nodiscard]] double load_of(Index expert) const { return load_[size(expert)]; }
  [[nodiscard]] Index copies_of(Index expert) const { return count_[size(expert)]; }

  void keep_room_for_copies() {
    double shared = 0.0;
    std::size_t copies = 0;
    for (const Index expert : order_) {
      if (copies_of(expert) > 1) {
        shared += load_of(expert);
        copies += size(copies_of(expert));
      }
    }
    for (std::size_t i = 0; i < gpus_.size(); ++i) {
      gpus_[i].kept = copies / gpus_.size() + (i < copies % gpus_.size() ? 1 : 0);
      gpus_[i].kept_load = copies > 0 ? shared * real(gpus_[i].kept) / real(copies) : 0.0;
    }
  }

  // Single experts have as many slots as there are of them, so some GPU has room.
  [[nodiscard]] Gpu& farthest_below() {
    auto with_room = gpus_ | std::views::filter([this](const Gpu& gpu) {
                       return gpu.held.size() + gpu.kept < slots_per_gpu_;
                     });
    return *std::ranges::min_element(with_room, {},
                                     [](const Gpu& gpu) { return gpu.load + gpu.kept_load; });
  }

  // The GPU with room that a further `load` brings closest to `level`; one without this expert, if
  // there is any.
  [[nodiscard]] Gpu& closest(Index expert, double load, double level) {
    auto with_room = gpus_ | std::views::filter([this](const Gpu& gpu) {
                       return gpu.held.size() < slots_per_gpu_;
                     });
    return *std::ranges::min_element(with_room, {}, [&](const Gpu& gpu) {
      const bool holds = std::ranges::find(gpu.held, expert) != gpu.held.end();
      return std::pair(holds, std::abs(gpu.load + load - level));
    });
  }

  void put_copies(Index expert) {
    double left = load_of(expert);
    for (Index copy = 1; copy < copies_of(expert); ++copy) {
      Gpu& lightest = closest(expert, 0.0, 0.0);
      const double part = std::clamp(level_ - lightest.load, 0.0, left);
      put(lightest, expert, part);
      left -= part;
    }
    put(closest(expert, left, level_), expert, left);
  }

  static void put(Gpu& gpu, Index expert, double load) {
    gpu.held.push_back(expert);
    gpu.load += load;
  }

  std::span<const double> load_;  // of all experts
  std::size_t slots_per_gpu_;
  std::vector<Gpu> gpus_;
  std::vector<Index> order_;  // own experts, heaviest first
  std::vector<Index> count_;  // by expert
  double level_ = 0.0;        // of every GPU if all were even
};

double largest(const LayerPlacement& placement, std::span<const double> load, std::int64_t gpus) {
  return std::ranges::max(gpu_loads(placement, load, gpus));
}

}  // namespace

LayerPlacement place_weighted(std::span<const double> load, const ExpertSlots& sizes) {
  const std::size_t slots_per_gpu = size(sizes.slots / sizes.gpus);
  LayerPlacement own = place_by_node(
      load, sizes,
      [&](std::span<const Index> experts, std::span<Index> slots, LayerPlacement& placement) {
        Node node(experts, load, slots.size() / slots_per_gpu, slots_per_gpu);
        node.fill();
        node.write(slots, placement.logical_count);
      });
  level_shares(own, load, sizes.gpus);
  LayerPlacement eplb = place_by_eplb(load, sizes);
  if (largest(own, load, sizes.gpus) <= largest(eplb, load, sizes.gpus)) {
    return own;
  }
  level_shares(eplb, load, sizes.gpus);
  return eplb;
}

}  // namespace epfleet::experts
