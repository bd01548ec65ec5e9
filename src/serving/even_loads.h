// The load of a unit spread evenly over its GPUs, for the bound that no balancer reaches: whole
// numbers, the remainder one each to the first GPUs.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/token_parts.h"
#include "epfleet/timing/step_price.h"

namespace epfleet::serving {

// REQUIRES: total / gpus fits 31 bits.
[[nodiscard]] std::vector<std::int32_t> spread(std::int64_t total, std::size_t gpus);
[[nodiscard]] std::vector<base::TokenParts32> spread(base::TokenParts total, std::size_t gpus);

[[nodiscard]] std::vector<timing::PrefillLoad> spread(
    const std::vector<timing::PrefillLoad>& loads);

}  // namespace epfleet::serving
