// Which decode unit a request goes to. Ties go to the lowest index.
#include <algorithm>

#include "epfleet/policy/balancer.h"
#include "least_loaded.h"

namespace epfleet::policy {
namespace {

// What a unit has of each measure over the choice. The sums begin at 1, so that an idle fleet has
// shares too.
class Shares {
 public:
  explicit Shares(const DecodeUnitView& view) : view_(view) {
    double requests = 1.0;
    double kv = 1.0;
    for (const std::uint32_t i : view.open) {
      requests += static_cast<double>(view.requests[i]);
      kv += static_cast<double>(view.kv[i].count());
    }
    per_request_ = 1.0 / requests;
    per_kv_ = 1.0 / kv;
  }
  [[nodiscard]] double requests(std::uint32_t unit) const {
    return static_cast<double>(view_.requests[unit]) * per_request_;
  }
  [[nodiscard]] double kv(std::uint32_t unit) const {
    return static_cast<double>(view_.kv[unit].count()) * per_kv_;
  }

 private:
  const DecodeUnitView& view_;
  double per_request_, per_kv_;  // no division per candidate
};

// Minimises max(KV / mean KV, requests / mean requests) over the choice.
class Joint : public DecodeUnitRule {
 public:
  std::uint32_t choose(const DecodeDemand& /*demand*/, const DecodeUnitView& view) override {
    const Shares of(view);
    return least_loaded(view.open,
                        [&](std::uint32_t i) { return std::max(of.requests(i), of.kv(i)); });
  }
};

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
  return std::make_unique<Joint>();
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_weighted_sum(std::uint64_t /*seed*/) {
  return std::make_unique<WeightedSum>();
}

}  // namespace epfleet::policy
