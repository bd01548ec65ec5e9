// The most that any store of whole blocks could hit: Belady's rule, which looks into the future and
// drops the block that is needed again the latest. For prefix chains it is a bound in practice, not
// a proof: a hit also needs all blocks before.
// Source: Belady, IBM Systems Journal 5 (1966).
#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "epfleet/workload/block_lists.h"

namespace epfleet::cache {

struct PromptBlocks {
  std::int64_t input = 0;  // tokens
  std::vector<workload::BlockId> blocks;
};

// When each block of each prompt is asked for next, as the prompt's place; never: the largest.
inline std::vector<std::vector<std::int64_t>> next_uses(std::span<const PromptBlocks> prompts) {
  tsl::robin_map<workload::BlockId, std::int64_t> later;
  std::vector<std::vector<std::int64_t>> next(prompts.size());
  for (std::size_t i = prompts.size(); i > 0; --i) {
    for (const workload::BlockId id : prompts[i - 1].blocks) {
      const auto found = later.find(id);
      next[i - 1].push_back(found == later.end() ? std::numeric_limits<std::int64_t>::max()
                                                 : found->second);
    }
    for (const workload::BlockId id : prompts[i - 1].blocks) {
      later[id] = static_cast<std::int64_t>(i - 1);
    }
  }
  return next;
}

// Tokens hit of all prompts, one after the other, cold start. Memory follows the whole trace.
inline std::int64_t belady_hit_tokens(std::span<const PromptBlocks> prompts,
                                      std::int64_t block_tokens, std::int64_t capacity_blocks) {
  // By next use, then by place in the prompt: of blocks asked for together the ends go first.
  using Key = std::pair<std::pair<std::int64_t, std::size_t>, workload::BlockId>;
  const auto next = next_uses(prompts);
  std::set<Key> stored;
  tsl::robin_map<workload::BlockId, std::pair<std::int64_t, std::size_t>> key_of;
  std::int64_t hit = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::vector<workload::BlockId>& blocks = prompts[i].blocks;
    const auto missing =
        std::ranges::find_if_not(blocks, [&](workload::BlockId id) { return key_of.contains(id); });
    hit += std::min((missing - blocks.begin()) * block_tokens, prompts[i].input);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (const auto old = key_of.find(blocks[b]); old != key_of.end()) {
        stored.erase({old->second, blocks[b]});
      }
      key_of[blocks[b]] = {next[i][b], b};
      stored.insert({{next[i][b], b}, blocks[b]});
    }
    while (static_cast<std::int64_t>(stored.size()) > capacity_blocks) {
      key_of.erase(std::prev(stored.end())->second);
      stored.erase(std::prev(stored.end()));
    }
  }
  return hit;
}

}  // namespace epfleet::cache
