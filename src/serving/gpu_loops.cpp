#include "gpu_loops.h"

#include <algorithm>

#include "epfleet/base/vector_clones.h"

namespace epfleet::serving {

EPFLEET_VECTOR_CLONES
Fullest fullest_of(const std::int32_t* requests, const base::TokenParts32* kv, std::size_t gpus) {
  std::int32_t most_requests = 0;
  std::int32_t most_kv = 0;  // plain integers: maxima of them vectorise
  for (std::size_t gpu = 0; gpu < gpus; ++gpu) {
    most_requests = std::max(most_requests, requests[gpu]);
    most_kv = std::max(most_kv, kv[gpu].count());
  }
  return {most_requests, base::TokenParts32(most_kv)};
}

EPFLEET_VECTOR_CLONES
base::TokenParts32 add_rates(const base::TokenParts32* __restrict rates,
                             base::TokenParts32* __restrict active,
                             base::TokenParts32* __restrict placed, std::size_t gpus) {
  std::int32_t most = 0;
  for (std::size_t gpu = 0; gpu < gpus; ++gpu) {
    active[gpu] += rates[gpu];
    placed[gpu] += rates[gpu];
    most = std::max(most, placed[gpu].count());
  }
  return base::TokenParts32(most);
}

}  // namespace epfleet::serving
