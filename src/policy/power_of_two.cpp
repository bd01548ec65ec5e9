// Two candidates by lot, and the better of them: what a balancer does that cannot look at all.
// Better: less by the joint measure, max of both loads, each over its sum; it comes close to
// looking at everybody (Mitzenmacher 2001, "The power of two choices in randomized load
// balancing").
#include <algorithm>

#include "epfleet/base/random.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::policy {
namespace {

class PrefillPowerOfTwo : public PrefillRule {
 public:
  explicit PrefillPowerOfTwo(std::uint64_t seed)
      : bits_(base::StreamFamily(seed, "policy.prefill.power_of_two"), 0) {}

  std::uint32_t choose(const PrefillAsk& ask, const PrefillView& view) override {
    const std::uint32_t first = view.open[bits_.bits() % view.open.size()];
    const std::uint32_t second = view.open[bits_.bits() % view.open.size()];
    const auto score = [&](std::uint32_t i) {
      return std::max((view.tokens[i] + ask.tokens) / (view.tokens_total + ask.tokens + 1.0F),
                      (view.attention_pairs[i] + ask.attention_pairs) /
                          (view.attention_pairs_total + ask.attention_pairs + 1.0F));
    };
    return score(second) < score(first) ? second : first;
  }

 private:
  base::Stream bits_;
};

class DecodeUnitPowerOfTwo : public DecodeUnitRule {
 public:
  explicit DecodeUnitPowerOfTwo(std::uint64_t seed)
      : bits_(base::StreamFamily(seed, "policy.decode_unit.power_of_two"), 0) {}

  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    const std::uint32_t first = view.open[bits_.bits() % view.open.size()];
    const std::uint32_t second = view.open[bits_.bits() % view.open.size()];
    // Of the two alone: each measure over the sum of both.
    const auto requests = static_cast<double>(view.requests[first] + view.requests[second] + 1);
    const auto kv = static_cast<double>(view.kv_fixed[first] + view.kv_fixed[second] + 1);
    const auto score = [&](std::uint32_t i) {
      return std::max(static_cast<double>(view.requests[i]) / requests,
                      static_cast<double>(view.kv_fixed[i]) / kv);
    };
    return score(second) < score(first) ? second : first;
  }

 private:
  base::Stream bits_;
};

class DecodeGpuPowerOfTwo : public DecodeGpuRule {
 public:
  explicit DecodeGpuPowerOfTwo(std::uint64_t seed)
      : bits_(base::StreamFamily(seed, "policy.decode.power_of_two"), 0) {}

  std::optional<std::uint32_t> choose(const DecodeAsk& ask, const DecodeGpuView& view) override {
    const auto first = with_room(ask, view);
    const auto second = with_room(ask, view);
    if (!first || !second) {
      return first;
    }
    const auto requests = static_cast<double>(view.requests_total + 1);
    const auto kv = static_cast<double>(view.kv_fixed_total + ask.kv_fixed + 1);
    const auto score = [&](std::uint32_t i) {
      return std::max(static_cast<double>(view.requests[i] + 1) / requests,
                      (static_cast<double>(view.kv_fixed[i]) + ask.kv_fixed) / kv);
    };
    return score(*second) < score(*first) ? second : first;
  }

 private:
  // A GPU by lot, or the next one around that has room.
  std::optional<std::uint32_t> with_room(const DecodeAsk& ask, const DecodeGpuView& view) {
    const std::size_t gpus = view.requests.size();
    const std::size_t start = bits_.bits() % gpus;
    for (std::size_t step = 0; step < gpus; ++step) {
      const std::size_t i = (start + step) % gpus;
      if (view.requests[i] < view.request_limit &&
          view.kv_fixed[i] <= view.kv_limit_fixed - ask.kv_fixed) {
        return static_cast<std::uint32_t>(i);
      }
    }
    return std::nullopt;
  }

  base::Stream bits_;
};

}  // namespace

std::unique_ptr<PrefillRule> make_prefill_power_of_two(std::uint64_t seed) {
  return std::make_unique<PrefillPowerOfTwo>(seed);
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_power_of_two(std::uint64_t seed) {
  return std::make_unique<DecodeUnitPowerOfTwo>(seed);
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_power_of_two(std::uint64_t seed) {
  return std::make_unique<DecodeGpuPowerOfTwo>(seed);
}

}  // namespace epfleet::policy
