// Block traces for tests of stores: prompts by number, driven through a BlockCache as if the
// service took no time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/cache/block_cache.h"
#include "support/belady.h"

namespace epfleet::test {

// The prompt of request i has session_slot i.
class ListedBlocks final : public workload::BlockLists {
 public:
  explicit ListedBlocks(std::vector<cache::PromptBlocks> prompts) : prompts_(std::move(prompts)) {}
  [[nodiscard]] std::span<const workload::BlockId> blocks_of(std::uint32_t slot) const override {
    return prompts_[slot].blocks;
  }
  [[nodiscard]] const std::vector<cache::PromptBlocks>& prompts() const { return prompts_; }
  [[nodiscard]] workload::Request request(std::size_t i) const {
    workload::Request request;
    request.prefix.session_slot = static_cast<std::uint32_t>(i);
    request.prompt_tokens = static_cast<std::int32_t>(prompts_[i].input);
    request.output_tokens = 1;
    return request;
  }

 private:
  std::vector<cache::PromptBlocks> prompts_;
};

// `bytes_per_token` 1: capacities are tokens.
inline cache::KvCacheConfig store_of(const char* rule, std::int64_t capacity_tokens) {
  cache::KvCacheConfig config;
  config.eviction = rule;
  config.capacity = base::Bytes(capacity_tokens);
  config.ttl = std::chrono::hours(24 * 365);
  return config;
}

// Request i at i seconds, stored at once. Returns the tokens hit.
inline std::int64_t hit_tokens(const ListedBlocks& trace, const cache::KvCacheConfig& config,
                               std::int64_t block_tokens) {
  const auto cache = cache::make_block_cache(config, 1, block_tokens, trace);
  std::int64_t hit = 0;
  for (std::size_t i = 0; i < trace.prompts().size(); ++i) {
    const workload::Request request = trace.request(i);
    const base::TimePoint now{std::chrono::seconds(i)};
    hit += cache->lookup(request, now).hit_tokens;
    (void)cache->store(request, request.prompt_tokens, now, now);
    cache->forget_session(request);
  }
  return hit;
}

// Prompts that extend, fork from and repeat earlier ones.
inline ListedBlocks random_block_trace(std::uint64_t seed, std::size_t count,
                                       std::int64_t block_tokens) {
  base::Stream draw(base::StreamFamily(seed, "test.blocks"), 0);
  std::vector<cache::PromptBlocks> prompts;
  workload::BlockId next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    cache::PromptBlocks prompt;
    if (!prompts.empty() && draw.bits() % 3 != 0) {
      const auto& before = prompts[draw.bits() % prompts.size()].blocks;
      const auto kept = static_cast<std::ptrdiff_t>(draw.bits() % (before.size() + 1));
      prompt.blocks.assign(before.begin(), before.begin() + kept);
    }
    for (std::uint64_t n = draw.bits() % 6 + 1; n > 0; --n) {
      prompt.blocks.push_back(next++);
    }
    const auto full = static_cast<std::int64_t>(prompt.blocks.size()) * block_tokens;
    prompt.input =
        full - static_cast<std::int64_t>(draw.bits() % static_cast<std::uint64_t>(block_tokens));
    prompts.push_back(std::move(prompt));
  }
  return ListedBlocks(std::move(prompts));
}

}  // namespace epfleet::test
