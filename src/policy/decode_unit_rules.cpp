// Which decode unit a request goes to. Ties go to the lowest index.
#include <algorithm>

#include "epfleet/base/random.h"
#include "epfleet/policy/balancer.h"
#include "least_loaded.h"

namespace epfleet::policy {
namespace {

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
    return least_loaded(view.open, [&](std::uint32_t i) { return view.requests[i]; });
  }
};

class LeastKv : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    return least_loaded(view.open, [&](std::uint32_t i) { return view.kv_fixed[i]; });
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

// Multiplied by the measures, they give shares: no division per candidate.
struct Inverse {
  explicit Inverse(const Totals& totals)
      : per_request(1.0 / totals.requests), per_kv(1.0 / totals.kv) {}
  double per_request;
  double per_kv;
};

// Minimises max(KV / mean KV, requests / mean requests) over the choice.
class Joint : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    const Inverse total(totals_of(view));
    return least_loaded(view.open, [&](std::uint32_t i) {
      return std::max(static_cast<double>(view.requests[i]) * total.per_request,
                      static_cast<double>(view.kv_fixed[i]) * total.per_kv);
    });
  }
};

// Minimises the sum of the two shares instead of the larger: it lets one grow while the other
// shrinks.
class WeightedSum : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeAsk& /*ask*/, const DecodeUnitView& view) override {
    const Inverse total(totals_of(view));
    return least_loaded(view.open, [&](std::uint32_t i) {
      return static_cast<double>(view.requests[i]) * total.per_request +
             static_cast<double>(view.kv_fixed[i]) * total.per_kv;
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
