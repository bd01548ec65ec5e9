// Rules that look at no load: taking turns, and drawing lots. The baselines.
#include "epfleet/base/random.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::policy {
namespace {

class RoundRobin : public PrefillRule {
 public:
  std::uint32_t choose(const PrefillAsk& /*ask*/, const PrefillView& view) override {
    return view.open[turn_++ % view.open.size()];
  }

 private:
  std::size_t turn_ = 0;
};

class Random : public PrefillRule {
 public:
  explicit Random(std::uint64_t seed)
      : bits_(base::StreamFamily(seed, "policy.prefill.random"), 0) {}
  std::uint32_t choose(const PrefillAsk& /*ask*/, const PrefillView& view) override {
    return view.open[bits_.bits() % view.open.size()];
  }

 private:
  base::Stream bits_;
};

}  // namespace

std::unique_ptr<PrefillRule> make_prefill_round_robin(std::uint64_t /*seed*/) {
  return std::make_unique<RoundRobin>();
}
std::unique_ptr<PrefillRule> make_prefill_random(std::uint64_t seed) {
  return std::make_unique<Random>(seed);
}

}  // namespace epfleet::policy
