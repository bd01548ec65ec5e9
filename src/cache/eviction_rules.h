// The eviction rules with a file of their own; see eviction_rule.h.
#pragma once

#include <memory>

#include "epfleet/cache/eviction_rule.h"

namespace epfleet::cache {

[[nodiscard]] std::unique_ptr<EvictionRule> make_s3_fifo(std::int64_t capacity);
[[nodiscard]] std::unique_ptr<EvictionRule> make_lfu();

}  // namespace epfleet::cache
