// Rules that place a request on the GPU where a score of its load after the placement is least.
// One pass over the unit's GPUs, written so that it vectorises: the score of a positive float
// orders like its bits, so bits and index are packed into one integer and the minimum is an integer
// minimum. The index takes the low bits of the mantissa: scores closer than 2^-14 of each other
// count as equal, and the lowest index wins. bench/policy_bench.cpp measures it.
#include <algorithm>
#include <bit>

#include "epfleet/base/vector_clones.h"
#include "epfleet/policy/balancer.h"
#include "packed_scan.h"

namespace epfleet::policy {
namespace {

// The low bits that hold an index: those of 512 GPUs (EP320 is the largest unit known) or more.
std::int32_t index_mask(std::size_t gpus) {
  constexpr std::size_t kUsual = 512;
  return static_cast<std::int32_t>(gpus <= kUsual ? kUsual : std::bit_ceil(gpus)) - 1;
}

// score_i = max((requests_i + 1) * per_request, kv_i * per_kv) + sum_weight * (both added).
// max alone is the min-max joint rule; per_request or per_kv of 0 leaves one measure.
struct Weights {
  float per_request = 0.0F;
  float per_kv = 0.0F;
  float sum_weight = 0.0F;
};

struct Scores {
  const float* with_one_more;
  const base::TokenParts32* kv;
  int gpus;
  base::TokenParts32 demand_kv;
  Weights weights;
  std::int32_t mask;
};

// The high bits; the low ones are left for the index. `kSum`: sum_weight is not 0.
template <bool kSum>
[[gnu::always_inline]] inline std::int32_t score_of(const Scores& of, int gpu) {
  const float by_requests = of.with_one_more[gpu] * of.weights.per_request;
  const float by_kv = static_cast<float>((of.kv[gpu] + of.demand_kv).count()) * of.weights.per_kv;
  std::int32_t score =
      std::max(std::bit_cast<std::int32_t>(by_requests), std::bit_cast<std::int32_t>(by_kv));
  if constexpr (kSum) {
    score = std::bit_cast<std::int32_t>(std::bit_cast<float>(score) +
                                        of.weights.sum_weight * (by_requests + by_kv));
  }
  return score & ~of.mask;
}

// Of the larger of both measures alone.
struct MaxScores : Scores {
  [[nodiscard]] std::int32_t one(int gpu) const { return score_of<false>(*this, gpu); }
#ifdef EPFLEET_AVX2
  struct Eights {
    const float* with_one_more;
    const base::TokenParts32* kv;
    __m256i demand, keep;
    __m256 per_request, per_kv;
    EPFLEET_AVX2 explicit Eights(const MaxScores& of)
        : with_one_more(of.with_one_more),
          kv(of.kv),
          demand(_mm256_set1_epi32(of.demand_kv.count())),
          keep(_mm256_set1_epi32(~of.mask)),
          per_request(_mm256_set1_ps(of.weights.per_request)),
          per_kv(_mm256_set1_ps(of.weights.per_kv)) {}
    EPFLEET_AVX2 __m256i at(int gpu) const {
      const __m256i held = _mm256_add_epi32(load(kv + gpu), demand);
      const __m256 by_requests = _mm256_mul_ps(_mm256_loadu_ps(with_one_more + gpu), per_request);
      const __m256 by_kv = _mm256_mul_ps(_mm256_cvtepi32_ps(held), per_kv);
      return _mm256_and_si256(
          _mm256_max_epi32(_mm256_castps_si256(by_requests), _mm256_castps_si256(by_kv)), keep);
    }
    EPFLEET_AVX2 static __m256i load(const void* from) {
      return _mm256_loadu_si256(static_cast<const __m256i*>(from));
    }
  };
#endif
};

EPFLEET_VECTOR_CLONES
std::int32_t least_with_room(const Scores& of, std::int32_t request_limit,
                             base::TokenParts32 kv_room_limit) {
  std::int32_t best = kNoScore;
  const auto most = static_cast<float>(request_limit);
  for (int i = 0; i < of.gpus; ++i) {
    // Without room: all bits set, the largest positive integer. No branch, so that the loop
    // vectorises.
    const std::int32_t full = -static_cast<std::int32_t>(of.with_one_more[i] > most) |
                              -static_cast<std::int32_t>(kv_room_limit < of.kv[i]);
    best = std::min(best, score_of<true>(of, i) | i | (full & kNoScore));
  }
  return best;
}

// Most of the time the best of all GPUs has room, and then it is the best of those that have:
// scores carry their index, so no two are equal.
template <Weights (*weights)(const DecodeDemand& demand, const DecodeGpuView& view)>
class LeastScore : public DecodeGpuRule {
 public:
  std::optional<std::uint32_t> choose(const DecodeDemand& demand,
                                      const DecodeGpuView& view) override {
    return find(demand, view, [](int gpus, const MaxScores& scores) {
      return least_packed_one_by_one(gpus, scores);
    });
  }

 protected:
  template <class Scan>
  [[nodiscard]] static std::optional<std::uint32_t> find(const DecodeDemand& demand,
                                                         const DecodeGpuView& view,
                                                         const Scan& least) {
    const Scores of{.with_one_more = view.with_one_more.data(),
                    .kv = view.kv.data(),
                    .gpus = static_cast<int>(view.with_one_more.size()),
                    .demand_kv = demand.kv,
                    .weights = weights(demand, view),
                    .mask = index_mask(view.with_one_more.size())};
    if (of.weights.sum_weight == 0.0F) {
      const auto winner = static_cast<std::uint32_t>(least(of.gpus, MaxScores{of}) & of.mask);
      if (view.has_room(winner, demand)) {
        return winner;
      }
    }
    const std::int32_t best = least_with_room(of, view.request_limit, view.kv_limit - demand.kv);
    return best == kNoScore ? std::nullopt
                            : std::optional(static_cast<std::uint32_t>(best & of.mask));
  }
};

#ifdef EPFLEET_AVX2
template <Weights (*weights)(const DecodeDemand& demand, const DecodeGpuView& view)>
class LeastScoreByEights final : public LeastScore<weights> {
 public:
  __attribute__((target("avx2"), flatten)) std::optional<std::uint32_t> choose(
      const DecodeDemand& demand, const DecodeGpuView& view) override {
    if (view.with_one_more.size() < 8) {
      return LeastScore<weights>::choose(demand, view);
    }
    return LeastScore<weights>::find(
        demand, view, [](int gpus, const MaxScores& scores) __attribute__((target("avx2"))) {
          return least_packed_by_eights(gpus, scores);
        });
  }
};
#endif

template <Weights (*weights)(const DecodeDemand& demand, const DecodeGpuView& view)>
std::unique_ptr<DecodeGpuRule> least_score() {
#ifdef EPFLEET_AVX2
  if (kHasAvx2) {
    return std::make_unique<LeastScoreByEights<weights>>();
  }
#endif
  return std::make_unique<LeastScore<weights>>();
}

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
  const auto gpus = static_cast<float>(view.with_one_more.size());
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
  return least_score<fewest_requests>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_least_kv(std::uint64_t /*seed*/) {
  return least_score<least_kv>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_joint(std::uint64_t /*seed*/) {
  return least_score<joint>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_weighted_sum(std::uint64_t /*seed*/) {
  return least_score<weighted_sum>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_ideal(std::uint64_t /*seed*/) {
  return std::make_unique<Ideal>();
}

}  // namespace epfleet::policy
