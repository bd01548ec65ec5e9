// Which decode unit a request goes to. Ties go to the lowest index.
#include <algorithm>

#include "epfleet/base/random.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::policy {
namespace {

template <class Load>
std::uint32_t least(std::span<const std::uint32_t> open, const Load& load) {
  return *std::min_element(open.begin(), open.end(),
                           [&](std::uint32_t a, std::uint32_t b) { return load(a) < load(b); });
}

class RoundRobin : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    return view.open[turn_++ % view.open.size()];
  }

 private:
  std::size_t turn_ = 0;
};

class FewestRequests : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    return least(view.open, [&](std::uint32_t i) { return view.requests[i]; });
  }
};

class LeastKv : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    return least(view.open, [&](std::uint32_t i) { return view.kv_fixed[i]; });
  }
};

// Of each measure over the choice; from 1, so that an idle fleet has shares too.
struct Totals {
  double requests = 1.0;
  double kv = 1.0;
};

Totals totals_of(const DecodeUnitView& view) {
  Totals totals;
  for (const std::uint32_t i : view.open) {
    totals.requests += static_cast<double>(view.requests[i]);
    totals.kv += static_cast<double>(view.kv_fixed[i]);
  }
  return totals;
}

// Minimises max(KV / mean KV, requests / mean requests) over the choice.
class Joint : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    const Totals totals = totals_of(view);
    return least(view.open, [&](std::uint32_t i) {
      return std::max(static_cast<double>(view.requests[i]) / totals.requests,
                      static_cast<double>(view.kv_fixed[i]) / totals.kv);
    });
  }
};

// Minimises the sum of the two shares instead of the larger: it lets one grow while the other
// shrinks.
class WeightedSum : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    const Totals totals = totals_of(view);
    return least(view.open, [&](std::uint32_t i) {
      return static_cast<double>(view.requests[i]) / totals.requests +
             static_cast<double>(view.kv_fixed[i]) / totals.kv;
    });
  }
};

class Random : public DecodeUnitRule {
 public:
  explicit Random(std::uint64_t seed)
      : bits_(base::StreamFamily(seed, "policy.decode_unit.random"), 0) {}
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    return view.open[bits_.bits() % view.open.size()];
  }

 private:
  base::Stream bits_;
};

}  // namespace

std::unique_ptr<DecodeUnitRule> make_decode_unit_round_robin(std::uint64_t /*seed*/) {
  return std::make_unique<RoundRobin>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_fewest_requests(std::uint64_t /*seed*/) {
  return std::make_unique<FewestRequests>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_least_kv(std::uint64_t /*seed*/) {
  return std::make_unique<LeastKv>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_joint(std::uint64_t /*seed*/) {
  return std::make_unique<Joint>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_weighted_sum(std::uint64_t /*seed*/) {
  return std::make_unique<WeightedSum>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_random(std::uint64_t seed) {
  return std::make_unique<Random>(seed);
}

}  // namespace epfleet::policy
