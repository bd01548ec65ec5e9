// The most that any store of whole blocks could hit: Belady's rule, which looks into the future and
// drops the block that is asked for again the latest. For prefix chains it is a bound in practice,
// not a proof: a hit also needs all blocks before.
// Source: Belady, IBM Systems Journal 5 (1966).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

struct PromptBlocks {
  std::int64_t input = 0;  // tokens
  std::vector<workload::BlockId> blocks;
};

// Tokens hit of all prompts, one after the other, cold start. Memory follows the whole trace.
[[nodiscard]] std::int64_t belady_hit_tokens(std::span<const PromptBlocks> prompts,
                                             std::int64_t block_tokens,
                                             std::int64_t capacity_blocks);

}  // namespace epfleet::cache
