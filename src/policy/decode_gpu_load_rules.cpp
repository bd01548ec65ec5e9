// Rules that place a request on the GPU where a score of its load after the placement is least.
// One pass over the unit's GPUs, written so that it vectorises: the score of a positive float
// orders like its bits, so bits and index are packed into one integer and the minimum is an integer
// minimum. The index takes the low bits of the mantissa: scores closer than 2^-14 of each other
// count as equal, and the lowest index wins. bench/policy_bench.cpp measures it.
#include <algorithm>
#include <bit>
#include <limits>

#include "epfleet/policy/balancer.h"
#include "least_loaded.h"

namespace epfleet::policy {
namespace {

constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::max();

// The low bits that hold an index: those of 512 GPUs (EP320 is the largest unit known) or more.
std::int32_t index_mask(std::size_t gpus) {
  return static_cast<std::int32_t>(std::max<std::size_t>(512, std::bit_ceil(gpus))) - 1;
}

// score_i = max(requests_i * per_request, kv_i * per_kv) + sum_weight * (both added).
// max alone is the min-max joint rule; per_request or per_kv of 0 leaves one measure.
struct Weights {
  float per_request = 0.0F;
  float per_kv = 0.0F;
  float sum_weight = 0.0F;
};

EPFLEET_VECTOR_CLONES
std::int32_t least_packed(const std::int32_t* requests, const base::TokenParts32* kv, int gpus,
                          std::int32_t request_limit, base::TokenParts32 kv_room_limit,
                          base::TokenParts32 demand_kv, Weights weights, std::int32_t mask) {
  std::int32_t best = kNone;
  for (int i = 0; i < gpus; ++i) {
    const float by_requests = static_cast<float>(requests[i] + 1) * weights.per_request;
    const float by_kv = static_cast<float>((kv[i] + demand_kv).count()) * weights.per_kv;
    const std::int32_t larger =
        std::max(std::bit_cast<std::int32_t>(by_requests), std::bit_cast<std::int32_t>(by_kv));
    const float score = std::bit_cast<float>(larger) + weights.sum_weight * (by_requests + by_kv);
    const std::int32_t packed = (std::bit_cast<std::int32_t>(score) & ~mask) | i;
    // Without room: all bits set, the largest positive integer. No branch, so that the loop
    // vectorises.
    const std::int32_t full = -static_cast<std::int32_t>(requests[i] >= request_limit) |
                              -static_cast<std::int32_t>(kv_room_limit < kv[i]);
    best = std::min(best, packed | (full & kNone));
  }
  return best;
}

template <Weights (*weights)(const DecodeDemand& demand, const DecodeGpuView& view)>
class LeastScore : public DecodeGpuRule {
 public:
  std::optional<std::uint32_t> choose(const DecodeDemand& demand,
                                      const DecodeGpuView& view) override {
    const std::int32_t mask = index_mask(view.requests.size());
    const std::int32_t best = least_packed(
        view.requests.data(), view.kv.data(), static_cast<int>(view.requests.size()),
        view.request_limit, view.kv_limit - demand.kv, demand.kv, weights(demand, view), mask);
    return best == kNone ? std::nullopt : std::optional(static_cast<std::uint32_t>(best & mask));
  }
};

Weights fewest_requests(const DecodeDemand& /*demand*/, const DecodeGpuView& /*view*/) {
  return {1.0F, 0.0F, 0.0F};
}
Weights least_kv(const DecodeDemand& /*demand*/, const DecodeGpuView& /*view*/) {
  return {0.0F, static_cast<float>(base::TokenParts(1).tokens()), 0.0F};
}

// Minimises max(KV / mean KV, requests / mean requests) over the choice: 1 / mean of each measure
// over the unit, with the request to be placed.
Weights joint(const DecodeDemand& demand, const DecodeGpuView& view) {
  const std::int64_t requests = view.requests_total + 1;
  const base::TokenParts kv = view.kv_total + demand.kv + base::TokenParts(1);
  const auto gpus = static_cast<float>(view.requests.size());
  return {gpus / static_cast<float>(requests), gpus / static_cast<float>(kv.count()), 0.0F};
}

// Minimises the sum of the two shares instead of the larger: it lets one grow while the other
// shrinks. The sum outweighs the maximum, which only breaks near-ties.
Weights weighted_sum(const DecodeDemand& demand, const DecodeGpuView& view) {
  constexpr float kSumOverMax = 1024.0F;
  Weights weights = joint(demand, view);
  weights.sum_weight = kSumOverMax;
  return weights;
}

// The bound: see prefill_load_rules.cpp.
class Ideal : public LeastScore<joint> {
 public:
  [[nodiscard]] bool evens_out() const override { return true; }
};

}  // namespace

std::unique_ptr<DecodeGpuRule> make_decode_gpu_fewest_requests(std::uint64_t /*seed*/) {
  return std::make_unique<LeastScore<fewest_requests>>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_least_kv(std::uint64_t /*seed*/) {
  return std::make_unique<LeastScore<least_kv>>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_joint(std::uint64_t /*seed*/) {
  return std::make_unique<LeastScore<joint>>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_weighted_sum(std::uint64_t /*seed*/) {
  return std::make_unique<LeastScore<weighted_sum>>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_ideal(std::uint64_t /*seed*/) {
  return std::make_unique<Ideal>();
}

}  // namespace epfleet::policy
