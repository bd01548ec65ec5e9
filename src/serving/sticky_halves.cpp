#include "epfleet/serving/sticky_halves.h"

#include <utility>

namespace epfleet::serving {

StickyHalves::StickyHalves(std::size_t gpus) {
  for (Half& half : halves_) {
    half.requests.resize(gpus);
    half.kv.resize(gpus);
    half.rate.resize(gpus);
  }
}

std::uint8_t StickyHalves::emptier_half(std::size_t gpu) const {
  const auto load = [&](const Half& half) { return std::pair(half.requests[gpu], half.kv[gpu]); };
  return load(halves_[1]) < load(halves_[0]) ? 1 : 0;
}

void StickyHalves::join(LiveRequest& request, base::TokenParts32 kv) {
  request.decode_half = emptier_half(request.decode_gpu) != 0;
  count(request, kv);
}

void StickyHalves::count(const LiveRequest& request, base::TokenParts32 kv) {
  const std::size_t gpu = request.decode_gpu;
  Half& half = halves_[request.decode_half];
  ++half.requests[gpu];
  half.kv[gpu] += kv;
  half.rate[gpu] += request.rate;
}

void StickyHalves::leave(const LiveRequest& request, base::TokenParts32 kv) {
  const std::size_t gpu = request.decode_gpu;
  Half& half = halves_[request.decode_half];
  --half.requests[gpu];
  half.kv[gpu] -= kv;
  half.rate[gpu] -= request.rate;
}

void StickyHalves::advance() {
  for (Half& half : halves_) {
    for (std::size_t gpu = 0; gpu < half.rate.size(); ++gpu) {
      half.kv[gpu] += half.rate[gpu];
    }
  }
}

timing::UnitHalves StickyHalves::loads() const {
  return {{{halves_[0].requests, halves_[0].kv}, {halves_[1].requests, halves_[1].kv}}};
}

}  // namespace epfleet::serving
