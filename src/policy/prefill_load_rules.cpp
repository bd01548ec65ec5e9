// Rules that place a prompt where one measure of load is least. Ties go to the lowest index.
#include <algorithm>
#include <bit>
#include <limits>

#include "epfleet/policy/balancer.h"
#include "least_loaded.h"

namespace epfleet::policy {
namespace {

// The candidate with the least score in its high bits, its index in the low ones.
struct JointScore {
  float tokens, pairs;        // of the prompt to be placed
  float per_token, per_pair;  // 1 / total
  std::uint32_t index_mask;
};

EPFLEET_VECTOR_CLONES
std::uint32_t least_packed(const float* tokens, const float* pairs, std::uint32_t first,
                           std::uint32_t end, JointScore score) {
  std::uint32_t best = std::numeric_limits<std::uint32_t>::max();
  for (std::uint32_t i = first; i < end; ++i) {
    const float by_tokens = (tokens[i] + score.tokens) * score.per_token;
    const float by_pairs = (pairs[i] + score.pairs) * score.per_pair;
    // Bits of positive floats order like the floats; integers vectorise.
    const std::uint32_t larger =
        std::max(std::bit_cast<std::uint32_t>(by_tokens), std::bit_cast<std::uint32_t>(by_pairs));
    best = std::min(best, (larger & ~score.index_mask) | i);
  }
  return best;
}

// Minimises max(tokens / mean tokens, attention / mean attention) over the choice: what the slowest
// GPU's phases are made of, attention and all-to-all, are kept equal together.
class Joint : public PrefillRule {
 public:
  // Scores closer than 2^-13 of each other count as equal; the lowest index wins.
  static constexpr std::uint32_t kIndexMask = 1023;  // 1,024 units, or GPUs of one

  std::uint32_t choose(const PrefillDemand& demand, const PrefillView& view) override {
    const float tokens = view.tokens_total + demand.tokens;
    const float pairs = view.attention_pairs_total + demand.attention_pairs;
    const float per_token = 1.0F / std::max(tokens, 1.0F);
    const float per_pair = 1.0F / std::max(pairs, 1.0F);
    // The bits of a positive float order like the float; the index takes the low ones. No branch
    // depends on the loads, which are as good as random to the processor.
    const auto score = [&](std::uint32_t i) {
      return std::max((view.tokens[i] + demand.tokens) * per_token,
                      (view.attention_pairs[i] + demand.attention_pairs) * per_pair);
    };
    if (view.open.back() > kIndexMask) {
      return least_loaded(view.open, score);
    }
    const std::uint32_t first = view.open.front();
    const std::uint32_t end = view.open.back() + 1;
    if (end - first == view.open.size()) {  // none is closed in between: most of the time
      return least_packed(
                 view.tokens.data(), view.attention_pairs.data(), first, end,
                 {demand.tokens, demand.attention_pairs, per_token, per_pair, kIndexMask}) &
             kIndexMask;
    }
    std::uint32_t best = std::numeric_limits<std::uint32_t>::max();
    for (const std::uint32_t i : view.open) {
      best = std::min(best, (std::bit_cast<std::uint32_t>(score(i)) & ~kIndexMask) | i);
    }
    return best & kIndexMask;
  }
};

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
  return std::make_unique<Joint>();
}
std::unique_ptr<PrefillRule> make_prefill_ideal(std::uint64_t /*seed*/) {
  return std::make_unique<Ideal>();
}

}  // namespace epfleet::policy
