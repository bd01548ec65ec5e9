// Every balancer rule by name, one row a rule: what scenario files may say and what `epfleet
// explain` prints. To add a rule: its .cpp, one row in registry.cpp, one test.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "epfleet/policy/balancer.h"

namespace epfleet::policy {

struct RuleName {
  std::string_view name;
  std::string_view description;  // one line
};

[[nodiscard]] std::span<const RuleName> prefill_unit_rules();
[[nodiscard]] std::span<const RuleName> prefill_gpu_rules();
[[nodiscard]] std::span<const RuleName> decode_unit_rules();
[[nodiscard]] std::span<const RuleName> decode_gpu_rules();

// Throw InputError with the list of names when `name` is not one of them. `seed` is for random
// rules.
[[nodiscard]] std::unique_ptr<PrefillRule> make_prefill_unit_rule(std::string_view name,
                                                                  std::uint64_t seed);
[[nodiscard]] std::unique_ptr<PrefillRule> make_prefill_gpu_rule(std::string_view name,
                                                                 std::uint64_t seed);
[[nodiscard]] std::unique_ptr<DecodeUnitRule> make_decode_unit_rule(std::string_view name,
                                                                    std::uint64_t seed);
[[nodiscard]] std::unique_ptr<DecodeGpuRule> make_decode_gpu_rule(std::string_view name,
                                                                  std::uint64_t seed);

}  // namespace epfleet::policy
