// The choice of the cache's model, and the statistical one.
#include "epfleet/cache/prefix_cache.h"

#include <gtest/gtest.h>

#include "epfleet/base/error.h"

namespace epfleet::cache {
namespace {

using base::TimePoint;

KvCacheConfig statistical(double hit_ratio) {
  KvCacheConfig config;
  config.model = CacheModel::Statistical;
  config.hit_ratio = hit_ratio;
  return config;
}

workload::Request request_of(std::uint64_t id, std::int32_t prompt) {
  workload::Request request;
  request.id = base::RequestId(id);
  request.prompt_tokens = prompt;
  return request;
}

// Mean hit / mean prompt = hit_ratio: rounding to blocks of 64 is unbiased. 200,000 prompts of 1000
// tokens with hits of 512 or 576 (standard deviation 26 tokens): the mean is within 0.0003 of
// 0.563.
TEST(StatisticalCache, MeanIsTheConfiguredRatio) {
  const auto cache = make_prefix_cache(statistical(0.563), 70'272, 0, 7);
  double hits = 0.0;
  for (std::uint64_t id = 0; id < 200'000; ++id) {
    const Lookup found = cache->lookup(request_of(id, 1000), TimePoint());
    ASSERT_EQ(found.hit_tokens % 64, 0);
    ASSERT_TRUE(found.hit_tokens == 512 || found.hit_tokens == 576);
    hits += found.hit_tokens;
  }
  EXPECT_NEAR(hits / 200'000 / 1000, 0.563, 0.0003);
}

// floor(130 / 64) x 64 = 128 is the most that can be stored of 130 tokens.
TEST(StatisticalCache, NeverMoreThanTheWholeBlocks) {
  const auto cache = make_prefix_cache(statistical(1.0), 70'272, 0, 7);
  EXPECT_EQ(cache->lookup(request_of(0, 130), TimePoint()).hit_tokens, 128);
  EXPECT_EQ(cache->lookup(request_of(0, 63), TimePoint()).hit_tokens, 0);
}

TEST(StatisticalCache, StatedTokensOverride) {
  const auto cache = make_prefix_cache(statistical(0.9), 70'272, 0, 7);
  workload::Request request = request_of(3, 1000);
  request.stated_cached_tokens = 77;
  EXPECT_EQ(cache->lookup(request, TimePoint()).hit_tokens, 77);
  request.stated_cached_tokens = 5000;
  EXPECT_EQ(cache->lookup(request, TimePoint()).hit_tokens, 1000);
}

// 640 prompt tokens of which 320 hit: the others are new after prefill; then the answer alone.
TEST(StatisticalCache, WritesWhatMissed) {
  const auto cache = make_prefix_cache(statistical(0.5), 70'272, 0, 7);
  const workload::Request request = request_of(1, 640);
  ASSERT_EQ(cache->lookup(request, TimePoint()).hit_tokens, 320);
  EXPECT_EQ(cache->store(request, 640, TimePoint(), TimePoint()), 320);
  EXPECT_EQ(cache->store(request, 704, TimePoint(), TimePoint()), 640);
}

TEST(MakePrefixCache, RulesOfBlockTracesAreRefused) {
  for (const char* eviction : {"s3fifo", "lfu"}) {
    KvCacheConfig config;
    config.eviction = eviction;
    try {
      static_cast<void>(make_prefix_cache(config, 70'272, 0, 0));
      FAIL() << "not refused";
    } catch (const base::InputError& error) {
      EXPECT_STREQ(error.what(),
                   "kv_cache.eviction: s3fifo and lfu decide block by block and come with block "
                   "traces; choose lru, fifo or ttl");
    }
  }
}

// 100 blocks of 64 tokens fit into exactly their bytes, and not into one byte less.
TEST(MakePrefixCache, CapacityIsInBytes) {
  for (const std::int64_t missing : {0, 1}) {
    KvCacheConfig config;
    config.capacity = base::Bytes(100 * 64 * 70'272 - missing);
    const auto cache = make_prefix_cache(config, 70'272, 0, 0);
    EXPECT_EQ(cache->store(request_of(0, 6400), 6400, TimePoint(), TimePoint()), 0);
    EXPECT_EQ(cache->stored_tokens(TimePoint()), missing == 0 ? 6400 : 0);
  }
}

}  // namespace
}  // namespace epfleet::cache
