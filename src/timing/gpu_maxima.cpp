#include "gpu_maxima.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "epfleet/base/vector_clones.h"

namespace epfleet::timing {
namespace {

// GCC's and clang's portable vectors: element-wise + * and comparisons only.
using Four = float __attribute__((vector_size(16)));
using FourParts = std::int32_t __attribute__((vector_size(16)));

Four four(const GpuTerms& terms) { return std::bit_cast<Four>(terms); }

Four larger(Four a, Four b) { return a < b ? b : a; }

// Maxima in flight, so that one does not wait for the other; the largest of all is the same in any
// order.
constexpr std::size_t kLanes = 4;

EPFLEET_VECTOR_CLONES
UnitTotals totals_of(const std::int32_t* requests, const base::TokenParts32* kv, std::size_t gpus) {
  std::int32_t fullest = 0;
  std::int32_t sum = 0;  // 320 GPUs with thousands of requests are far below 2^31
  std::int32_t odd = 0;
  base::TokenParts kv_sum;
  for (std::size_t g = 0; g < gpus; ++g) {
    fullest = std::max(fullest, requests[g]);
    sum += requests[g];
    odd += requests[g] & 1;
    kv_sum += kv[g];
  }
  return {fullest, sum, odd, kv_sum};
}

EPFLEET_VECTOR_CLONES
GpuTerms slowest_of(const std::int32_t* requests, const base::TokenParts32* kv, std::size_t gpus,
                    const GpuLine* lines) {
  std::array<Four, kLanes> slowest{};
  const auto look_at = [&](std::size_t g, std::size_t lane, Four held) {
    const GpuLine& line = lines[static_cast<std::size_t>(requests[g])];
    slowest[lane] = larger(slowest[lane], held * four(line.slope) + four(line.fixed));
  };
  std::size_t g = 0;
  for (; g + kLanes <= gpus; g += kLanes) {
    FourParts parts;  // converted together
    std::memcpy(&parts, kv + g, sizeof(parts));
    const Four held = __builtin_convertvector(parts, Four);
    look_at(g, 0, __builtin_shufflevector(held, held, 0, 0, 0, 0));
    look_at(g + 1, 1, __builtin_shufflevector(held, held, 1, 1, 1, 1));
    look_at(g + 2, 2, __builtin_shufflevector(held, held, 2, 2, 2, 2));
    look_at(g + 3, 3, __builtin_shufflevector(held, held, 3, 3, 3, 3));
  }
  for (; g < gpus; ++g) {
    const auto held = static_cast<float>(kv[g].count());
    look_at(g, 0, Four{held, held, held, held});
  }
  const Four all = larger(larger(slowest[0], slowest[1]), larger(slowest[2], slowest[3]));
  return std::bit_cast<GpuTerms>(all);
}

}  // namespace

UnitTotals unit_totals(std::span<const std::int32_t> requests,
                       std::span<const base::TokenParts32> kv) {
  return totals_of(requests.data(), kv.data(), requests.size());
}

GpuTerms slowest_terms(std::span<const std::int32_t> requests,
                       std::span<const base::TokenParts32> kv, std::span<const GpuLine> lines) {
  return slowest_of(requests.data(), kv.data(), requests.size(), lines.data());
}

}  // namespace epfleet::timing
