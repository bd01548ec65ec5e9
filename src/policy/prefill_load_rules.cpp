// Rules that place a prompt where one measure of load is least. Ties go to the lowest index.
#include <algorithm>

#include "prefill_rules.h"

namespace epfleet::policy {
namespace {

// The open candidate with the least `load(index)`.
template <class Load>
std::uint32_t least(std::span<const std::uint32_t> open, const Load& load) {
  std::uint32_t best = open.front();
  float best_load = load(best);
  for (const std::uint32_t candidate : open.subspan(1)) {
    const float candidate_load = load(candidate);
    if (candidate_load < best_load) {
      best = candidate;
      best_load = candidate_load;
    }
  }
  return best;
}

class LeastQueuedTokens : public PrefillRule {
 public:
  std::uint32_t choose(const PrefillAsk& /*ask*/, const PrefillView& view) override {
    return least(view.open, [&](std::uint32_t i) { return view.tokens[i]; });
  }
};

class LeastAttentionWork : public PrefillRule {
 public:
  std::uint32_t choose(const PrefillAsk& /*ask*/, const PrefillView& view) override {
    return least(view.open, [&](std::uint32_t i) { return view.attention_pairs[i]; });
  }
};

// Minimises max(tokens / mean tokens, attention / mean attention) over the choice: what the slowest
// GPU's phases are made of, attention and all-to-all, are kept equal together (design: model.md
// section 7.1).
class Joint : public PrefillRule {
 public:
  std::uint32_t choose(const PrefillAsk& ask, const PrefillView& view) override {
    float tokens = ask.tokens;
    float pairs = ask.attention_pairs;
    for (const std::uint32_t i : view.open) {
      tokens += view.tokens[i];
      pairs += view.attention_pairs[i];
    }
    const float per_token = 1.0F / std::max(tokens, 1.0F);
    const float per_pair = 1.0F / std::max(pairs, 1.0F);
    return least(view.open, [&](std::uint32_t i) {
      return std::max((view.tokens[i] + ask.tokens) * per_token,
                      (view.attention_pairs[i] + ask.attention_pairs) * per_pair);
    });
  }
};

}  // namespace

std::unique_ptr<PrefillRule> make_least_queued_tokens(std::uint64_t /*seed*/) {
  return std::make_unique<LeastQueuedTokens>();
}
std::unique_ptr<PrefillRule> make_least_attention_work(std::uint64_t /*seed*/) {
  return std::make_unique<LeastAttentionWork>();
}
std::unique_ptr<PrefillRule> make_prefill_joint(std::uint64_t /*seed*/) {
  return std::make_unique<Joint>();
}

}  // namespace epfleet::policy
