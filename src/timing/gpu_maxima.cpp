#include "gpu_maxima.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace epfleet::timing {
namespace {

// GCC's and clang's portable vectors: element-wise + * and comparisons only.
using Four = float __attribute__((vector_size(16)));

Four four(const GpuTerms& terms) { return std::bit_cast<Four>(terms); }

Four larger(Four a, Four b) { return a < b ? b : a; }

// Maxima in flight, so that one does not wait for the other; the largest of all is the same in any
// order.
constexpr std::size_t kLanes = 4;

}  // namespace

UnitTotals unit_totals(std::span<const std::int32_t> requests,
                       std::span<const base::TokenParts32> kv) {
  std::int32_t fullest = 0;
  std::int32_t sum = 0;  // 320 GPUs with thousands of requests are far below 2^31
  std::int32_t odd = 0;
  base::TokenParts kv_sum;
  for (std::size_t g = 0; g < requests.size(); ++g) {
    fullest = std::max(fullest, requests[g]);
    sum += requests[g];
    odd += requests[g] & 1;
    kv_sum += kv[g];
  }
  return {fullest, sum, odd, kv_sum};
}

GpuTerms slowest_terms(std::span<const std::int32_t> requests,
                       std::span<const base::TokenParts32> kv, std::span<const GpuLine> lines) {
  std::array<Four, kLanes> slowest{};
  const auto look_at = [&](std::size_t g, std::size_t lane) {
    const auto held = static_cast<float>(kv[g].count());
    const GpuLine& line = lines[static_cast<std::size_t>(requests[g])];
    const Four terms = Four{held, held, held, held} * four(line.slope) + four(line.fixed);
    slowest[lane] = larger(slowest[lane], terms);
  };
  std::size_t g = 0;
  for (; g + kLanes <= requests.size(); g += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      look_at(g + lane, lane);
    }
  }
  for (; g < requests.size(); ++g) {
    look_at(g, 0);
  }
  const Four all = larger(larger(slowest[0], slowest[1]), larger(slowest[2], slowest[3]));
  return std::bit_cast<GpuTerms>(all);
}

}  // namespace epfleet::timing
