// The bound: placed as `joint` does, stepping as if the load of a unit were spread evenly over its
// GPUs. What is left between a rule and this is all that a better rule could gain within units.
#include <string_view>
#include <utility>

#include "epfleet/policy/balancer.h"
#include "epfleet/policy/registry.h"

namespace epfleet::policy {
namespace {

class PrefillIdeal : public PrefillRule {
 public:
  explicit PrefillIdeal(std::unique_ptr<PrefillRule> joint) : joint_(std::move(joint)) {}
  std::uint32_t choose(const PrefillAsk& ask, const PrefillView& view) override {
    return joint_->choose(ask, view);
  }
  [[nodiscard]] bool evens_out() const override { return true; }

 private:
  std::unique_ptr<PrefillRule> joint_;
};

class DecodeIdeal : public DecodeGpuRule {
 public:
  explicit DecodeIdeal(std::unique_ptr<DecodeGpuRule> joint) : joint_(std::move(joint)) {}
  std::optional<std::uint32_t> choose(const DecodeAsk& ask, const DecodeGpuView& view) override {
    return joint_->choose(ask, view);
  }
  [[nodiscard]] bool evens_out() const override { return true; }

 private:
  std::unique_ptr<DecodeGpuRule> joint_;
};

}  // namespace

std::unique_ptr<PrefillRule> make_prefill_ideal(std::uint64_t seed) {
  return std::make_unique<PrefillIdeal>(prefill_gpu_rules()["joint"](seed));
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_ideal(std::uint64_t seed) {
  return decode_unit_rules()["joint"](seed);
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_ideal(std::uint64_t seed) {
  return std::make_unique<DecodeIdeal>(decode_gpu_rules()["joint"](seed));
}

}  // namespace epfleet::policy
