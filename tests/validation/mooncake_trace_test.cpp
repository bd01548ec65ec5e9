// The Mooncake conversation trace: ideal hit ratio, LRU stores and sliding TTLs as the facts have
// them (workload_facts.md, sections 1 and 3: computed apart from this code), each within 0.1 point.
#include <gtest/gtest.h>

#include <filesystem>

#include "epfleet/cache/reuse_profile.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/trace_statistics.h"
#include "support/belady.h"
#include "support/block_trace.h"
#include "support/places.h"

namespace epfleet {
namespace {

const std::string kTrace = test::shared_dir() + "/traces/mooncake/conversation_trace.jsonl.zst";
constexpr double kTenthOfAPoint = 0.001;

TEST(MooncakeTrace, HitRatiosOfStoresAndTtls) {
  if (!std::filesystem::exists(kTrace)) {
    GTEST_SKIP() << "no " << kTrace;
  }
  constexpr std::int64_t kUnit = std::int64_t{1} << 20U;
  cache::ReuseProfile profile(
      512, {kUnit, 2 * kUnit, 4 * kUnit, 8 * kUnit, 16 * kUnit, 32 * kUnit, 64 * kUnit},
      {std::chrono::seconds(10), std::chrono::seconds(60), std::chrono::seconds(120),
       std::chrono::seconds(300), std::chrono::seconds(600), std::chrono::seconds(1200)});
  traces::TraceStatistics statistics;
  traces::RequestTrace trace(kTrace);
  traces::TraceRecord record;
  while (trace.next(record)) {
    statistics.add(record);
    profile.add(record.time, record.input, record.blocks);
  }
  EXPECT_EQ(statistics.requests(), 12'031);
  EXPECT_NEAR(statistics.input().mean(), 12'035.0, 0.5);
  EXPECT_EQ(statistics.input().largest(), 126'195);
  EXPECT_EQ(trace.odd_block_lists(), 0);
  EXPECT_NEAR(profile.ideal_hit_ratio(), 0.374, kTenthOfAPoint);
  const double lru[] = {0.056, 0.090, 0.185, 0.271, 0.342, 0.367, 0.373};
  for (std::size_t i = 0; i < std::size(lru); ++i) {
    EXPECT_NEAR(profile.lru_hit_ratio(i), lru[i], kTenthOfAPoint) << i;
  }
  const double ttl[] = {0.044, 0.105, 0.195, 0.293, 0.350, 0.367};
  for (std::size_t i = 0; i < std::size(ttl); ++i) {
    EXPECT_NEAR(profile.ttl_hit_ratio(i), ttl[i], kTenthOfAPoint) << i;
  }
}

// Exact hits of a store of 2^22 tokens under every rule, pinned by a program of its own in another
// language with the rules as cache/eviction_rule.h states them.
TEST(MooncakeTrace, EveryEvictionRuleToTheToken) {
  if (!std::filesystem::exists(kTrace)) {
    GTEST_SKIP() << "no " << kTrace;
  }
  traces::RequestTrace trace(kTrace);
  traces::TraceRecord record;
  std::vector<cache::PromptBlocks> prompts;
  while (trace.next(record)) {
    prompts.push_back({record.input, record.blocks});
  }
  constexpr std::int64_t kCapacity = std::int64_t{1} << 22U;
  const test::ListedBlocks listed(std::move(prompts));
  const auto hits = [&](const char* rule) {
    return test::hit_tokens(listed, test::store_of(rule, kCapacity), 512);
  };
  EXPECT_EQ(hits("lru"), 26'803'109);
  EXPECT_EQ(hits("fifo"), 24'045'432);
  EXPECT_EQ(hits("lfu"), 17'514'268);
  EXPECT_EQ(hits("s3fifo"), 26'522'529);
  EXPECT_EQ(cache::belady_hit_tokens(listed.prompts(), 512, kCapacity / 512), 54'098'411);
}

}  // namespace
}  // namespace epfleet
