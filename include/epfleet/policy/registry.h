// Every balancer and every scaling rule by name, one row a rule. To add a rule: its .cpp, one row
// in registry.cpp, one test (docs/extending.md).
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/base/registry.h"
#include "epfleet/policy/balancer.h"
#include "epfleet/policy/scaling.h"

namespace epfleet::policy {

// A maker of balancers takes the seed of random rules.
template <class Role>
using Rules = base::Registry<std::unique_ptr<Role> (*)(std::uint64_t seed)>;

// Which unit, and which GPU of it. Prefill has the same rules for both.
[[nodiscard]] const Rules<PrefillRule>& prefill_unit_rules();
[[nodiscard]] const Rules<PrefillRule>& prefill_gpu_rules();
[[nodiscard]] const Rules<DecodeUnitRule>& decode_unit_rules();
[[nodiscard]] const Rules<DecodeGpuRule>& decode_gpu_rules();

using ScalingRules = base::Registry<std::unique_ptr<ScalingRule> (*)(const ScalingSetup& setup)>;
[[nodiscard]] const ScalingRules& scaling_rules();

}  // namespace epfleet::policy
