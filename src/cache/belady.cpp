#include "epfleet/cache/belady.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace epfleet::cache {
namespace {

using workload::BlockId;

// When each block of each prompt is asked for next, as the prompt's place; never: the largest.
std::vector<std::vector<std::int64_t>> next_uses(std::span<const PromptBlocks> prompts) {
  tsl::robin_map<BlockId, std::int64_t> later;
  std::vector<std::vector<std::int64_t>> next(prompts.size());
  for (std::size_t i = prompts.size(); i > 0; --i) {
    for (const BlockId id : prompts[i - 1].blocks) {
      const auto found = later.find(id);
      next[i - 1].push_back(found == later.end() ? std::numeric_limits<std::int64_t>::max()
                                                 : found->second);
    }
    for (const BlockId id : prompts[i - 1].blocks) {
      later[id] = static_cast<std::int64_t>(i - 1);
    }
  }
  return next;
}

}  // namespace

std::int64_t belady_hit_tokens(std::span<const PromptBlocks> prompts, std::int64_t block_tokens,
                               std::int64_t capacity_blocks) {
  // By next use, then by place in the prompt: of blocks asked for together the ends go first.
  using Key = std::pair<std::pair<std::int64_t, std::size_t>, BlockId>;
  const auto next = next_uses(prompts);
  std::set<Key> stored;
  tsl::robin_map<BlockId, std::pair<std::int64_t, std::size_t>> key_of;
  std::int64_t hit = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::vector<BlockId>& blocks = prompts[i].blocks;
    const auto missing =
        std::ranges::find_if_not(blocks, [&](BlockId id) { return key_of.contains(id); });
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
