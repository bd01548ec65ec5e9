// Rules that place a prompt where one measure of load is least. Ties go to the lowest index.
#include <algorithm>
#include <bit>

#include "epfleet/policy/balancer.h"
#include "least_loaded.h"
#include "packed_scan.h"

namespace epfleet::policy {
namespace {

struct JointScores {
  const float *tokens, *pairs;      // by candidate
  float added_tokens, added_pairs;  // of the prompt to be placed
  float per_token, per_pair;        // 1 / total
  std::int32_t index_mask;

  [[nodiscard]] std::int32_t one(int i) const {
    const float by_tokens = (tokens[i] + added_tokens) * per_token;
    const float by_pairs = (pairs[i] + added_pairs) * per_pair;
    return std::max(std::bit_cast<std::int32_t>(by_tokens), std::bit_cast<std::int32_t>(by_pairs)) &
           ~index_mask;
  }
#ifdef EPFLEET_AVX2
  struct Eights {
    const float *tokens, *pairs;
    __m256 added_tokens, added_pairs, per_token, per_pair;
    __m256i keep;
    EPFLEET_AVX2 explicit Eights(const JointScores& of)
        : tokens(of.tokens),
          pairs(of.pairs),
          added_tokens(_mm256_set1_ps(of.added_tokens)),
          added_pairs(_mm256_set1_ps(of.added_pairs)),
          per_token(_mm256_set1_ps(of.per_token)),
          per_pair(_mm256_set1_ps(of.per_pair)),
          keep(_mm256_set1_epi32(~of.index_mask)) {}
    EPFLEET_AVX2 __m256i at(int i) const {
      const __m256 by_tokens =
          _mm256_mul_ps(_mm256_add_ps(_mm256_loadu_ps(tokens + i), added_tokens), per_token);
      const __m256 by_pairs =
          _mm256_mul_ps(_mm256_add_ps(_mm256_loadu_ps(pairs + i), added_pairs), per_pair);
      return _mm256_and_si256(
          _mm256_max_epi32(_mm256_castps_si256(by_tokens), _mm256_castps_si256(by_pairs)), keep);
    }
  };
#endif
};

// Minimises max(tokens / mean tokens, attention / mean attention) over the choice: what the slowest
// GPU's phases are made of, attention and all-to-all, are kept equal together.
class Joint : public PrefillRule {
 public:
  // Scores closer than 2^-13 of each other count as equal; the lowest index wins.
  static constexpr std::int32_t kIndexMask = 1023;  // 1,024 units, or GPUs of one

  std::uint32_t choose(const PrefillDemand& demand, const PrefillView& view) override {
    return find(demand, view, [](int size, const JointScores& scores) {
      return least_packed_one_by_one(size, scores);
    });
  }

 protected:
  template <class Scan>
  [[nodiscard]] static std::uint32_t find(const PrefillDemand& demand, const PrefillView& view,
                                          const Scan& least) {
    const float tokens = view.tokens_total + demand.tokens;
    const float pairs = view.attention_pairs_total + demand.attention_pairs;
    const float per_token = 1.0F / std::max(tokens, 1.0F);
    const float per_pair = 1.0F / std::max(pairs, 1.0F);
    const JointScores scores{view.tokens.data(), view.attention_pairs.data(),
                             demand.tokens,      demand.attention_pairs,
                             per_token,          per_pair,
                             kIndexMask};
    if (view.open.back() > static_cast<std::uint32_t>(kIndexMask)) [[unlikely]] {
      return find_among_many(view, scores);
    }
    const auto size = static_cast<int>(std::min<std::size_t>(view.tokens.size(), kIndexMask + 1));
    return static_cast<std::uint32_t>(least(size, scores) & kIndexMask);
  }

 private:
  [[gnu::noinline]] static std::uint32_t find_among_many(const PrefillView& view,
                                                         JointScores scores) {
    return least_loaded(view.open, [&](std::uint32_t i) {
      return std::max((view.tokens[i] + scores.added_tokens) * scores.per_token,
                      (view.attention_pairs[i] + scores.added_pairs) * scores.per_pair);
    });
  }
};

#ifdef EPFLEET_AVX2
class JointByEights final : public Joint {
 public:
  __attribute__((target("avx2"), flatten)) std::uint32_t choose(const PrefillDemand& demand,
                                                                const PrefillView& view) override {
    return find(demand, view,
                [](int size, const JointScores& scores) __attribute__((target("avx2"))) {
                  return least_packed_by_eights(size, scores);
                });
  }
};
#endif

// The bound: placed as `joint` does, stepping as if the load of a unit were spread evenly over its
// GPUs. What is left between a rule and this is all that a better rule could gain within units.
class Ideal : public Joint {
 public:
  [[nodiscard]] bool evens_out() const override { return true; }
};

}  // namespace

std::unique_ptr<PrefillRule> make_least_queued_tokens(std::uint64_t /*seed*/) {
  return std::make_unique<LeastOf<PrefillRule, &PrefillView::tokens>>();
}
std::unique_ptr<PrefillRule> make_least_attention_work(std::uint64_t /*seed*/) {
  return std::make_unique<LeastOf<PrefillRule, &PrefillView::attention_pairs>>();
}
std::unique_ptr<PrefillRule> make_prefill_joint(std::uint64_t /*seed*/) {
#ifdef EPFLEET_AVX2
  if (kHasAvx2) {
    return std::make_unique<JointByEights>();
  }
#endif
  return std::make_unique<Joint>();
}
std::unique_ptr<PrefillRule> make_prefill_ideal(std::uint64_t /*seed*/) {
  return std::make_unique<Ideal>();
}

}  // namespace epfleet::policy
