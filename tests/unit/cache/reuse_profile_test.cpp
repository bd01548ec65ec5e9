// The one-pass profile against stores that are simulated one by one, on random traces.
#include "epfleet/cache/reuse_profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>

#include "epfleet/base/random.h"

namespace epfleet::cache {
namespace {

using workload::BlockId;

struct Ask {
  base::Duration time{};
  std::int64_t input = 0;
  std::vector<BlockId> blocks;
};

constexpr std::int64_t kBlock = 16;

// Prompts that extend, fork from and repeat earlier ones.
std::vector<Ask> random_asks(std::uint64_t seed, std::size_t count) {
  base::Stream draw(base::StreamFamily(seed, "test.reuse"), 0);
  std::vector<Ask> asks;
  BlockId next = 0;
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Ask ask;
    seconds += static_cast<std::int64_t>(draw.bits() % 5);
    ask.time = std::chrono::seconds(seconds);
    if (!asks.empty() && draw.bits() % 3 != 0) {
      const auto& before = asks[draw.bits() % asks.size()].blocks;
      const auto kept = static_cast<std::ptrdiff_t>(draw.bits() % (before.size() + 1));
      ask.blocks.assign(before.begin(), before.begin() + kept);
    }
    for (std::uint64_t n = draw.bits() % 6 + 1; n > 0; --n) {
      ask.blocks.push_back(next++);
    }
    const auto full = static_cast<std::int64_t>(ask.blocks.size()) * kBlock;
    ask.input = full - static_cast<std::int64_t>(draw.bits() % kBlock);
    asks.push_back(ask);
  }
  return asks;
}

// A list of blocks, latest use in front; cut to size after every request.
double naive_lru(const std::vector<Ask>& asks, std::size_t capacity_blocks) {
  std::list<BlockId> store;
  std::int64_t hit = 0, input = 0;
  for (const Ask& ask : asks) {
    std::int64_t matched = 0;
    for (const BlockId id : ask.blocks) {
      if (std::find(store.begin(), store.end(), id) == store.end()) {
        break;
      }
      ++matched;
    }
    hit += std::min(matched * kBlock, ask.input);
    input += ask.input;
    for (auto id = ask.blocks.rbegin(); id != ask.blocks.rend(); ++id) {
      store.remove(*id);
      store.push_front(*id);
    }
    while (store.size() > capacity_blocks) {
      store.pop_back();
    }
  }
  return static_cast<double>(hit) / static_cast<double>(input);
}

double naive_ttl(const std::vector<Ask>& asks, base::Duration ttl) {
  std::map<BlockId, base::Duration> last_use;
  std::int64_t hit = 0, input = 0;
  for (const Ask& ask : asks) {
    std::int64_t matched = 0;
    for (const BlockId id : ask.blocks) {
      if (!last_use.contains(id) || ask.time - last_use[id] > ttl) {
        break;
      }
      ++matched;
    }
    hit += std::min(matched * kBlock, ask.input);
    input += ask.input;
    for (const BlockId id : ask.blocks) {
      last_use[id] = ask.time;
    }
  }
  return static_cast<double>(hit) / static_cast<double>(input);
}

TEST(ReuseProfile, EqualsStoresSimulatedOneByOne) {
  const std::vector<std::int64_t> blocks = {0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 100'000};
  const std::vector<base::Duration> ttls = {std::chrono::seconds(0), std::chrono::seconds(3),
                                            std::chrono::seconds(20), std::chrono::seconds(200),
                                            std::chrono::hours(10)};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<Ask> asks = random_asks(seed, 300);
    std::vector<std::int64_t> capacities;
    for (const std::int64_t count : blocks) {
      capacities.push_back(count * kBlock + kBlock - 1);  // a partial block holds nothing
    }
    ReuseProfile profile(kBlock, capacities, ttls);
    for (const Ask& ask : asks) {
      profile.add(ask.time, ask.input, ask.blocks);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      EXPECT_DOUBLE_EQ(profile.lru_hit_ratio(i),
                       naive_lru(asks, static_cast<std::size_t>(blocks[i])))
          << seed << " " << blocks[i];
    }
    for (std::size_t i = 0; i < ttls.size(); ++i) {
      EXPECT_DOUBLE_EQ(profile.ttl_hit_ratio(i), naive_ttl(asks, ttls[i])) << seed << " " << i;
    }
    EXPECT_DOUBLE_EQ(profile.ideal_hit_ratio(), profile.lru_hit_ratio(blocks.size() - 1));
    EXPECT_GT(profile.ideal_hit_ratio(), 0.1);
  }
}

// One block used at 0, 10 and 30 s, another one between: distances 1 and 2 blocks, intervals 10 and
// 20 s.
TEST(ReuseProfile, DistancesAndIntervals) {
  ReuseProfile profile(kBlock, {}, {});
  const std::vector<BlockId> one = {1}, other = {2};
  profile.add(std::chrono::seconds(0), kBlock, one);
  profile.add(std::chrono::seconds(10), kBlock, one);
  profile.add(std::chrono::seconds(20), kBlock, other);
  profile.add(std::chrono::seconds(30), kBlock, one);
  EXPECT_NEAR(profile.reuse_distance_tokens(0.5), 16.0, 16.0 * 0.03);
  EXPECT_NEAR(profile.reuse_distance_tokens(1.0), 32.0, 32.0 * 0.03);
  EXPECT_NEAR(profile.reuse_interval_s(0.5), 10.0, 0.3);
  EXPECT_NEAR(profile.reuse_interval_s(1.0), 20.0, 0.6);
  EXPECT_EQ(profile.distinct_blocks(), 2);
  EXPECT_DOUBLE_EQ(profile.ideal_hit_ratio(), 0.5);
}

}  // namespace
}  // namespace epfleet::cache
