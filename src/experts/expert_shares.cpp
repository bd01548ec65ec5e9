#include "epfleet/experts/expert_shares.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace epfleet::experts {
namespace {

// Long chains of experts that share GPUs settle slowly; what is left after that is below a percent.
constexpr int kMostRounds = 100;
constexpr double kSettled = 1e-4;  // of the mean GPU load: no part changed by more

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

// The copies of one expert on one GPU.
struct Part {
  std::size_t gpu = 0;
  std::vector<std::size_t> slots;
  double load = 0.0;
};
struct SharedExpert {
  std::size_t expert = 0;
  std::vector<Part> parts;
};

std::vector<SharedExpert> shared_experts(const LayerPlacement& placement,
                                         std::span<const double> load, std::size_t slots_per_gpu) {
  std::vector<SharedExpert> shared(placement.logical_count.size());
  for (std::size_t slot = 0; slot < placement.physical_to_logical.size(); ++slot) {
    const std::size_t expert = size(placement.physical_to_logical[slot]);
    if (placement.logical_count[expert] > 1 && load[expert] > 0.0) {
      std::vector<Part>& parts = shared[expert].parts;
      const std::size_t gpu = slot / slots_per_gpu;
      if (parts.empty() || parts.back().gpu != gpu) {
        parts.push_back({gpu, {}, 0.0});
      }
      parts.back().slots.push_back(slot);
      parts.back().load += placement.share[slot] * load[expert];
      shared[expert].expert = expert;
    }
  }
  std::erase_if(shared, [](const SharedExpert& one) { return one.parts.empty(); });
  return shared;
}

// The level to which a load fills up these floors; sorts them.
double fill_level(std::vector<double>& floors, double load) {
  std::ranges::sort(floors);
  double sum = load, level = 0.0;
  for (std::size_t under = 0; under < floors.size(); ++under) {
    if (under > 0 && floors[under] >= level) {
      break;
    }
    sum += floors[under];
    level = sum / static_cast<double>(under + 1);
  }
  return level;
}

// Divides an expert's load anew; answers the largest change of a part.
double divide_anew(SharedExpert& shared, double load, std::span<double> gpu_load,
                   std::vector<double>& floors) {
  floors.clear();
  for (const Part& part : shared.parts) {
    floors.push_back(gpu_load[part.gpu] - part.load);
  }
  const double level = fill_level(floors, load);
  double moved = 0.0;
  for (Part& part : shared.parts) {
    const double floor = gpu_load[part.gpu] - part.load;
    const double filled = std::max(0.0, level - floor);
    moved = std::max(moved, std::abs(filled - part.load));
    gpu_load[part.gpu] = floor + filled;
    part.load = filled;
  }
  return moved;
}

}  // namespace

void level_shares(LayerPlacement& placement, std::span<const double> load, std::int64_t gpus) {
  if (placement.share.empty()) {
    for (const std::int32_t expert : placement.physical_to_logical) {
      placement.share.push_back(1.0 / placement.logical_count[size(expert)]);
    }
  }
  std::vector<double> gpu_load = gpu_loads(placement, load, gpus);
  const double mean =
      std::accumulate(gpu_load.begin(), gpu_load.end(), 0.0) / static_cast<double>(gpus);
  std::vector<SharedExpert> all =
      shared_experts(placement, load, placement.physical_to_logical.size() / size(gpus));
  std::vector<double> floors;
  for (int round = 0; round < kMostRounds; ++round) {
    double moved = 0.0;
    for (SharedExpert& shared : all) {
      moved = std::max(moved, divide_anew(shared, load[shared.expert], gpu_load, floors));
    }
    if (moved <= kSettled * mean) {
      break;
    }
  }
  for (const SharedExpert& shared : all) {
    double total = 0.0;
    for (const Part& part : shared.parts) {
      total += part.load;
    }
    for (const Part& part : shared.parts) {
      for (const std::size_t slot : part.slots) {
        placement.share[slot] = part.load / total / static_cast<double>(part.slots.size());
      }
    }
  }
}

}  // namespace epfleet::experts
