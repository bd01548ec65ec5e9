// The passes over the GPUs of a decode unit that every step makes beside its price.
#pragma once

#include <cstddef>
#include <cstdint>

#include "epfleet/base/token_parts.h"

namespace epfleet::serving {

struct Fullest {
  std::int32_t requests = 0;
  base::TokenParts32 kv;  // maybe of another GPU
};
[[nodiscard]] Fullest fullest_of(const std::int32_t* requests, const base::TokenParts32* kv,
                                 std::size_t gpus);

// Adds the rates to what runs and to what is placed; returns the most that is placed on a GPU then.
[[nodiscard]] base::TokenParts32 add_rates(const base::TokenParts32* rates,
                                           base::TokenParts32* active, base::TokenParts32* placed,
                                           std::size_t gpus);

}  // namespace epfleet::serving
