#include "epfleet/serving/sticky_halves.h"

#include <utility>

namespace epfleet::serving {

StickyHalves::StickyHalves(std::size_t gpus) {
  for (Half& half : halves_) {
    for (auto* per_gpu : {&half.requests, &half.kv_fixed, &half.rate}) {
      per_gpu->assign(gpus, 0);
    }
  }
}

std::uint8_t StickyHalves::emptier_half(std::size_t gpu) const {
  const auto load = [&](const Half& half) {
    return std::pair(half.requests[gpu], half.kv_fixed[gpu]);
  };
  return load(halves_[1]) < load(halves_[0]) ? 1 : 0;
}

void StickyHalves::join(LiveRequest& request, std::int32_t kv_fixed) {
  const std::size_t gpu = request.decode_gpu;
  request.decode_half = emptier_half(gpu) != 0;
  Half& half = halves_[request.decode_half];
  ++half.requests[gpu];
  half.kv_fixed[gpu] += kv_fixed;
  half.rate[gpu] += request.rate_fixed;
}

void StickyHalves::leave(const LiveRequest& request, std::int32_t kv_fixed) {
  const std::size_t gpu = request.decode_gpu;
  Half& half = halves_[request.decode_half];
  --half.requests[gpu];
  half.kv_fixed[gpu] -= kv_fixed;
  half.rate[gpu] -= request.rate_fixed;
}

void StickyHalves::advance() {
  for (Half& half : halves_) {
    for (std::size_t gpu = 0; gpu < half.rate.size(); ++gpu) {
      half.kv_fixed[gpu] += half.rate[gpu];
    }
  }
}

timing::UnitHalves StickyHalves::loads() const {
  return {{{halves_[0].requests, halves_[0].kv_fixed}, {halves_[1].requests, halves_[1].kv_fixed}}};
}

}  // namespace epfleet::serving
