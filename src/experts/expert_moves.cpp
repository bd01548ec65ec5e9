#include "epfleet/experts/expert_moves.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "epfleet/base/error.h"
#include "epfleet/experts/expert_routing.h"

namespace epfleet::experts {
namespace {

std::vector<std::int32_t> held_by(const LayerPlacement& placement, std::size_t gpu,
                                  std::size_t slots_per_gpu) {
  const auto first =
      placement.physical_to_logical.begin() + static_cast<std::ptrdiff_t>(gpu * slots_per_gpu);
  std::vector<std::int32_t> held(first, first + static_cast<std::ptrdiff_t>(slots_per_gpu));
  std::sort(held.begin(), held.end());
  return held;
}

}  // namespace

std::vector<std::int64_t> experts_fetched(const LayerPlacement& before, const LayerPlacement& after,
                                          std::int64_t gpus) {
  const std::size_t slots = before.physical_to_logical.size();
  const auto count = static_cast<std::size_t>(gpus);
  EPFLEET_CHECK(after.physical_to_logical.size() == slots && slots % count == 0,
                "two placements on the same slots");
  std::vector<std::int64_t> fetched;
  for (std::size_t gpu = 0; gpu < count; ++gpu) {
    const std::vector<std::int32_t> had = held_by(before, gpu, slots / count);
    const std::vector<std::int32_t> has = held_by(after, gpu, slots / count);
    std::vector<std::int32_t> fresh;
    std::set_difference(has.begin(), has.end(), had.begin(), had.end(), std::back_inserter(fresh));
    fetched.push_back(static_cast<std::int64_t>(fresh.size()));
  }
  return fetched;
}

std::int64_t most_experts_fetched(const ExpertLoadSpec& spec) {
  if (!spec.skewed || !spec.rule.rebalances) {
    return 0;
  }
  const auto place = [&](const std::vector<double>& popularity) {
    return place_experts(ExpertRouting(spec.routing(), popularity).expert_shares(), slots_of(spec),
                         spec.rule);
  };
  std::vector<std::int64_t> by_gpu(static_cast<std::size_t>(spec.gpus), 0);
  for (std::int64_t layer = 0; layer < spec.layers; ++layer) {
    const auto path = draw_popularity(spec.popularity, spec.experts, layer, std::vector{1.0});
    const auto fetched = experts_fetched(place(path.front()), place(path.back()), spec.gpus);
    std::transform(fetched.begin(), fetched.end(), by_gpu.begin(), by_gpu.begin(), std::plus<>());
  }
  return *std::max_element(by_gpu.begin(), by_gpu.end());
}

}  // namespace epfleet::experts
