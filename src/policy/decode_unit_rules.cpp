// Which decode unit a request goes to. Ties go to the lowest index.
#include <algorithm>
#include <limits>

#include "epfleet/policy/balancer.h"
#include "least_loaded.h"
#include "packed_scan.h"

namespace epfleet::policy {
namespace {

// What a unit has of each measure over the choice. The sums begin at 1, so that an idle fleet has
// shares too.
struct Shares {
  explicit Shares(const DecodeUnitView& view)
      : requests_of(view.requests.data()),
        kv_of(view.kv.data()),
        per_request(1.0 / (view.requests_total + 1.0)),
        per_kv(1.0 / (view.kv_total + 1.0)) {}
  [[nodiscard]] double requests(std::uint32_t unit) const {
    return requests_of[unit] * per_request;
  }
  [[nodiscard]] double kv(std::uint32_t unit) const { return kv_of[unit] * per_kv; }

  const double *requests_of, *kv_of;
  double per_request, per_kv;  // no division per candidate
};

// Minimises max(KV / mean KV, requests / mean requests) over the choice.
class Joint : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeDemand& /*demand*/, const DecodeUnitView& view) override {
    const Shares of(view);
    return least_loaded(view.open,
                        [of](std::uint32_t i) { return std::max(of.requests(i), of.kv(i)); });
  }
};

#ifdef EPFLEET_AVX2
// least_loaded() over all units, open or not, four at a time: closed ones are never the least. A
// double of which the low bits are an index is still positive and finite, so that its minimum is
// that of the integers, which AVX2 lacks.
class JointByFours final : public Joint {
 public:
  __attribute__((target("avx2"))) std::uint32_t choose(const DecodeDemand& demand,
                                                       const DecodeUnitView& view) override {
    const std::size_t size = view.requests.size();
    if (size > kPlaceMask + 1) [[unlikely]] {
      return Joint::choose(demand, view);
    }
    const Shares of(view);
    const __m256d per_request = _mm256_set1_pd(of.per_request), per_kv = _mm256_set1_pd(of.per_kv);
    const __m256d keep = _mm256_castsi256_pd(_mm256_set1_epi64x(~std::int64_t{kPlaceMask}));
    const __m256i four = _mm256_set1_epi64x(4);
    __m256i places = _mm256_setr_epi64x(0, 1, 2, 3);
    __m256d best = _mm256_set1_pd(std::numeric_limits<double>::max());
    for (std::size_t i = 0; i < size; i += DecodeUnitView::kLanes) {
      const __m256d larger =
          _mm256_max_pd(_mm256_mul_pd(_mm256_loadu_pd(of.requests_of + i), per_request),
                        _mm256_mul_pd(_mm256_loadu_pd(of.kv_of + i), per_kv));
      best = _mm256_min_pd(best,
                           _mm256_or_pd(_mm256_and_pd(larger, keep), _mm256_castsi256_pd(places)));
      places = _mm256_add_epi64(places, four);
    }
    __m128d least = _mm_min_pd(_mm256_castpd256_pd128(best), _mm256_extractf128_pd(best, 1));
    least = _mm_min_pd(least, _mm_unpackhi_pd(least, least));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si64(_mm_castpd_si128(least))) & kPlaceMask;
  }
};
#endif

// Minimises the sum of the two shares instead of the larger: it lets one grow while the other
// shrinks.
class WeightedSum : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeDemand& /*demand*/, const DecodeUnitView& view) override {
    const Shares of(view);
    return least_loaded(view.open, [&](std::uint32_t i) { return of.requests(i) + of.kv(i); });
  }
};

}  // namespace

std::unique_ptr<DecodeUnitRule> make_decode_unit_fewest_requests(std::uint64_t /*seed*/) {
  return std::make_unique<LeastOf<DecodeUnitRule, &DecodeUnitView::requests>>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_least_kv(std::uint64_t /*seed*/) {
  return std::make_unique<LeastOf<DecodeUnitRule, &DecodeUnitView::kv>>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_joint(std::uint64_t /*seed*/) {
#ifdef EPFLEET_AVX2
  if (kHasAvx2) {
    return std::make_unique<JointByFours>();
  }
#endif
  return std::make_unique<Joint>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_weighted_sum(std::uint64_t /*seed*/) {
  return std::make_unique<WeightedSum>();
}

}  // namespace epfleet::policy
