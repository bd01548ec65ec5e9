// The block-exact store: exact hits of every rule on a trace small enough to follow, LRU against a
// naive list, nothing above Belady, every lost token has its cause, extents of sessions equal
// blocks.
#include "epfleet/cache/block_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>

#include "epfleet/cache/eviction_rule.h"
#include "epfleet/cache/reuse_profile.h"
#include "epfleet/cache/session_cache.h"
#include "epfleet/traces/session_blocks.h"
#include "random_sessions.h"
#include "support/block_trace.h"

namespace epfleet::cache {
namespace {

using test::hit_tokens;
using test::ListedBlocks;
using test::random_block_trace;
using test::store_of;

constexpr std::int64_t kBlock = 16;
constexpr const char* kRules[] = {"lru", "fifo", "s3fifo", "lfu"};

ListedBlocks single_blocks(const std::string& letters) {
  std::vector<PromptBlocks> prompts;
  for (const char c : letters) {
    prompts.push_back({.input = kBlock, .blocks = {static_cast<workload::BlockId>(c)}});
  }
  return ListedBlocks(std::move(prompts));
}

std::int64_t hits(const std::string& letters, const char* rule, std::int64_t blocks) {
  return hit_tokens(single_blocks(letters), store_of(rule, blocks * kBlock), kBlock) / kBlock;
}

// Room for 3. Hits are in capitals.
//   LRU     a b c A d(-b) A B? b was dropped: b(-c) E ...
TEST(BlockCache, RulesFollowedByHand) {
  // a b c a d a b: LRU drops b for d, so b misses: hits a, a. FIFO drops a for d: hits the first a
  // only, then a (drops b), then b misses. LFU: a counts 2, drops b for d: as LRU.
  EXPECT_EQ(hits("abcadab", "lru", 3), 2);
  EXPECT_EQ(hits("abcadab", "fifo", 3), 1);
  EXPECT_EQ(hits("abcadab", "lfu", 3), 2);
  // a a a b c d e a: LRU has lost a, LFU has kept it.
  EXPECT_EQ(hits("aaabcdea", "lru", 3), 2);
  EXPECT_EQ(hits("aaabcdea", "lfu", 3), 3);
  // S3-FIFO, a small queue of 1 and room for 3: a was used twice in the small queue and moves to
  // the main one; b .. e pass through the small one.
  EXPECT_EQ(hits("aaabcdea", "s3fifo", 3), 3);
  // b was sent away lately, returns to the main queue and outlives d and e.
  EXPECT_EQ(hits("abcdbefb", "s3fifo", 3), 1);
  EXPECT_EQ(hits("abcdbefb", "fifo", 3), 1 + 0);
}

TEST(BlockCache, LruEqualsAStackOfBlocksAndNothingIsAboveBelady) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const ListedBlocks trace = random_block_trace(seed, 300, kBlock);
    for (const std::int64_t blocks : {1, 3, 10, 40, 150, 2000}) {
      ReuseProfile profile(kBlock, {blocks * kBlock}, {});
      std::int64_t input = 0;
      std::size_t i = 0;
      for (const PromptBlocks& prompt : trace.prompts()) {
        profile.add(std::chrono::seconds(i++), prompt.input, prompt.blocks);
        input += prompt.input;
      }
      const std::int64_t lru = hit_tokens(trace, store_of("lru", blocks * kBlock), kBlock);
      EXPECT_DOUBLE_EQ(static_cast<double>(lru) / static_cast<double>(input),
                       profile.lru_hit_ratio(0))
          << seed << " " << blocks;
      const std::int64_t best = belady_hit_tokens(trace.prompts(), kBlock, blocks);
      for (const char* rule : kRules) {
        EXPECT_LE(hit_tokens(trace, store_of(rule, blocks * kBlock), kBlock), best)
            << seed << " " << blocks << " " << rule;
      }
    }
    // With room for all, all rules are the ideal.
    const std::int64_t ideal = belady_hit_tokens(trace.prompts(), kBlock, 1'000'000);
    for (const char* rule : kRules) {
      EXPECT_EQ(hit_tokens(trace, store_of(rule, 1'000'000 * kBlock), kBlock), ideal);
    }
  }
}

TEST(BlockCache, TtlIsAliveWhileAgeIsAtMostTheTtl) {
  const ListedBlocks trace = random_block_trace(7, 400, kBlock);
  for (const int seconds : {0, 1, 5, 50}) {
    ReuseProfile profile(kBlock, {}, {std::chrono::seconds(seconds)});
    std::int64_t input = 0;
    std::size_t i = 0;
    for (const PromptBlocks& prompt : trace.prompts()) {
      profile.add(std::chrono::seconds(i++), prompt.input, prompt.blocks);
      input += prompt.input;
    }
    KvCacheConfig config = store_of("ttl", 1);
    config.ttl = std::chrono::seconds(seconds);
    EXPECT_DOUBLE_EQ(
        static_cast<double>(hit_tokens(trace, config, kBlock)) / static_cast<double>(input),
        profile.ttl_hit_ratio(0));
  }
}

// Both come back and go to the main queue; the older one is used once more, which is enough.
TEST(S3Fifo, OneUseKeepsABlockOfTheMainQueueForARound) {
  const auto rule = eviction_rules()["s3fifo"].make(10);
  for (const BlockSlot slot : {0U, 1U}) {
    rule->insert(slot, 100 + slot);
    EXPECT_EQ(rule->victim(), slot);
  }
  rule->insert(0, 100);
  rule->insert(1, 101);
  rule->use(0);
  EXPECT_EQ(rule->victim(), 1U);
  EXPECT_EQ(rule->victim(), 0U);
}

// Evicted by the second prompt; at exactly its time to live it would still have been there.
TEST(BlockCache, WhatWasEvictedCountsAsExpiredOnlyBeyondItsTtl) {
  for (const bool beyond : {false, true}) {
    const ListedBlocks trace({{kBlock, {1}}, {kBlock, {2}}, {kBlock + 1, {1}}});
    KvCacheConfig config = store_of("lru", kBlock);
    config.ttl = std::chrono::seconds(10);
    const auto cache = make_block_cache(config, 1, kBlock, trace);
    for (std::size_t i = 0; i < 2; ++i) {
      const base::TimePoint now{std::chrono::seconds(i)};
      (void)cache->store(trace.request(i), kBlock, now, now);
    }
    const base::TimePoint then{std::chrono::seconds(10) + base::Duration(beyond ? 1 : 0)};
    const Lookup found = cache->lookup(trace.request(2), then);
    EXPECT_EQ(found.lost_capacity, beyond ? 0 : kBlock);
    EXPECT_EQ(found.lost_ttl, beyond ? kBlock : 0);
  }
}

// hit + lost parts == what an infinite store hits in arrival order, call by call, with writes that
// take time and requests whose prefill ends out of order.
TEST(BlockCache, EveryTokenOfTheIdealIsAHitOrHasACause) {
  for (const char* rule : kRules) {
    const ListedBlocks trace = random_block_trace(11, 500, kBlock);
    KvCacheConfig config = store_of(rule, 60 * kBlock);
    config.ttl = std::chrono::seconds(40);
    const auto cache = make_block_cache(config, 1, kBlock, trace);
    std::vector<std::size_t> waiting;
    base::Stream draw(base::StreamFamily(3, "test.order"), static_cast<std::uint64_t>(rule[0]));
    std::vector<workload::BlockId> seen;
    Lookup sum;
    for (std::size_t i = 0; i < trace.prompts().size(); ++i) {
      const base::TimePoint now{std::chrono::seconds(i)};
      const PromptBlocks& prompt = trace.prompts()[i];
      const auto unseen = std::ranges::find_if(prompt.blocks, [&](workload::BlockId id) {
        return std::ranges::find(seen, id) == seen.end();
      });
      const auto ideal =
          std::min<std::int64_t>((unseen - prompt.blocks.begin()) * kBlock, prompt.input);
      const Lookup found = cache->lookup(trace.request(i), now);
      EXPECT_EQ(
          found.hit_tokens + found.lost_capacity + found.lost_ttl + found.lost_not_yet_written,
          ideal);
      EXPECT_EQ(found.lost_cold + found.lost_rounding, 0);
      sum.hit_tokens += found.hit_tokens;
      sum.lost_capacity += found.lost_capacity;
      sum.lost_ttl += found.lost_ttl;
      sum.lost_not_yet_written += found.lost_not_yet_written;
      seen.insert(seen.end(), prompt.blocks.begin(), prompt.blocks.end());
      waiting.push_back(i);
      while (waiting.size() > 4) {
        const auto which = waiting.begin() + static_cast<std::ptrdiff_t>(draw.bits() % 5);
        const workload::Request request = trace.request(*which);
        (void)cache->store(request, request.prompt_tokens, now, now + std::chrono::seconds(3));
        cache->forget_session(request);
        waiting.erase(which);
      }
      EXPECT_LE(cache->stored_tokens(now), 60 * kBlock);
      base::SumCheck check;
      cache->check_sums(check, {});
      EXPECT_EQ(check.difference(), std::nullopt);
    }
    EXPECT_GT(sum.hit_tokens, 0);
    EXPECT_GT(sum.lost_capacity, 0);
    EXPECT_GT(sum.lost_ttl, 0);
    EXPECT_GT(sum.lost_not_yet_written, 0);
  }
}

TEST(BlockCache, WhatIsBeingWrittenCanBeHitFromItsEndOn) {
  const ListedBlocks trace({{.input = 32, .blocks = {1, 2}},
                            {.input = 40, .blocks = {1, 2, 3}},
                            {.input = 40, .blocks = {1, 2, 4}},
                            {.input = 40, .blocks = {1, 2, 5}}});
  const auto cache = make_block_cache(store_of("lru", 1000), 1, kBlock, trace);
  const base::TimePoint start{};
  const auto at = [&](int seconds) { return start + std::chrono::seconds(seconds); };
  EXPECT_EQ(cache->lookup(trace.request(0), at(0)).hit_tokens, 0);
  EXPECT_EQ(cache->lookup(trace.request(1), at(1)).lost_not_yet_written, 32);  // still in prefill
  EXPECT_EQ(cache->store(trace.request(0), 32, at(2), at(10)), 0);
  EXPECT_EQ(cache->lookup(trace.request(2), at(9)).lost_not_yet_written, 32);
  EXPECT_EQ(cache->lookup(trace.request(3), at(10)).hit_tokens, 32);
  EXPECT_EQ(cache->store(trace.request(1), 40, at(11), at(11)), 32);  // one new block
  EXPECT_EQ(cache->lookup(trace.request(1), at(12)).hit_tokens, 40);  // the partial one counts
}

TEST(BlockCache, AWriteThatGrowsEndsLater) {
  const ListedBlocks trace(
      {{.input = 32, .blocks = {1, 2}}, {.input = 64, .blocks = {1, 2, 3, 4}}});
  const auto cache = make_block_cache(store_of("lru", 1000), 1, kBlock, trace);
  const base::TimePoint start{};
  const auto at = [&](int seconds) { return start + std::chrono::seconds(seconds); };
  (void)cache->store(trace.request(0), 32, at(0), at(0));
  (void)cache->store(trace.request(1), 64, at(2), at(5));
  cache->postpone(trace.request(1), at(7));
  EXPECT_EQ(cache->lookup(trace.request(1), at(6)).hit_tokens, 32);
  EXPECT_EQ(cache->lookup(trace.request(1), at(7)).hit_tokens, 64);
}

// Session extents and blocks, where both apply: by age alone, prompts that extend one another, no
// answers carried.
TEST(BlockCache, EqualsSessionExtentsUnderATtl) {
  constexpr std::int64_t kSmall = 8;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RandomSessions sessions(seed);
    KvCacheConfig config;
    config.eviction = "ttl";
    config.ttl = std::chrono::seconds(30);
    config.block = kSmall;
    traces::SessionBlocks ids(kSmall);
    std::vector<workload::Request> requests;
    std::vector<PromptBlocks> prompts;
    std::array<std::uint64_t, RandomSessions::kSlots> session_of{};
    std::array<std::int32_t, RandomSessions::kSlots> prompt_before{};
    for (int i = 0; i < 600; ++i) {
      workload::Request request = sessions.next();
      const std::uint32_t slot = request.prefix.session_slot;
      session_of[slot] =
          request.prefix.first_turn ? static_cast<std::uint64_t>(i) + 1 : session_of[slot];
      request.prefix.session_tokens = std::min(request.prefix.session_tokens, prompt_before[slot]);
      if (request.prefix.first_turn) {
        request.prefix.session_tokens = 0;
      }
      prompt_before[slot] = request.prompt_tokens;
      traces::TraceRecord record;
      record.input = request.prompt_tokens;
      record.session = session_of[slot];
      record.session_tokens = request.prefix.session_tokens;
      record.shared_prefix = request.prefix.shared_id;
      record.shared_tokens = request.prefix.shared_tokens;
      record.last_turn = !request.prefix.returns;
      ids.assign(record);
      requests.push_back(request);
      prompts.push_back({record.input, record.blocks});
    }
    const ListedBlocks trace(prompts);
    const auto blocks = make_block_cache(config, 1, kSmall, trace);
    const auto extents = make_session_cache(config, 1, RandomSessions::kSharedTokens.size());
    std::int64_t hit = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const base::TimePoint now{std::chrono::seconds(2 * i)};
      const workload::Request by_block = trace.request(i);
      const Lookup a = extents->lookup(requests[i], now);
      const Lookup b = blocks->lookup(by_block, now);
      EXPECT_EQ(a.hit_tokens, b.hit_tokens) << seed << " " << i;
      hit += a.hit_tokens;
      (void)extents->store(requests[i], requests[i].prompt_tokens, now, now);
      (void)blocks->store(by_block, by_block.prompt_tokens, now, now);
      if (!requests[i].prefix.returns) {
        extents->forget_session(requests[i]);
      }
      blocks->forget_session(by_block);
    }
    EXPECT_GT(hit, 0);
  }
}

}  // namespace
}  // namespace epfleet::cache
