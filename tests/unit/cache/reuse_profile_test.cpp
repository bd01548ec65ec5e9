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

struct Use {
  base::Duration time{};
  std::int64_t input = 0;
  std::vector<BlockId> blocks;
};

constexpr std::int64_t kBlockTokens = 16;

// Prompts that extend, fork from and repeat earlier ones.
std::vector<Use> random_uses(std::uint64_t seed, std::size_t count) {
  base::Stream draw(base::StreamFamily(seed, "test.reuse"), 0);
  std::vector<Use> uses;
  BlockId next = 0;
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Use use;
    seconds += static_cast<std::int64_t>(draw.bits() % 5);
    use.time = std::chrono::seconds(seconds);
    if (!uses.empty() && draw.bits() % 3 != 0) {
      const auto& before = uses[draw.bits() % uses.size()].blocks;
      const auto kept = static_cast<std::ptrdiff_t>(draw.bits() % (before.size() + 1));
      use.blocks.assign(before.begin(), before.begin() + kept);
    }
    for (std::uint64_t n = draw.bits() % 6 + 1; n > 0; --n) {
      use.blocks.push_back(next++);
    }
    const auto full = static_cast<std::int64_t>(use.blocks.size()) * kBlockTokens;
    use.input = full - static_cast<std::int64_t>(draw.bits() % kBlockTokens);
    uses.push_back(use);
  }
  return uses;
}

// A list of blocks, latest use in front; cut to size after every request.
double naive_lru(const std::vector<Use>& uses, std::size_t capacity_blocks) {
  std::list<BlockId> store;
  std::int64_t hit = 0, input = 0;
  for (const Use& use : uses) {
    std::int64_t matched = 0;
    for (const BlockId id : use.blocks) {
      if (std::find(store.begin(), store.end(), id) == store.end()) {
        break;
      }
      ++matched;
    }
    hit += std::min(matched * kBlockTokens, use.input);
    input += use.input;
    for (auto id = use.blocks.rbegin(); id != use.blocks.rend(); ++id) {
      store.remove(*id);
      store.push_front(*id);
    }
    while (store.size() > capacity_blocks) {
      store.pop_back();
    }
  }
  return static_cast<double>(hit) / static_cast<double>(input);
}

double naive_ttl(const std::vector<Use>& uses, base::Duration ttl) {
  std::map<BlockId, base::Duration> last_use;
  std::int64_t hit = 0, input = 0;
  for (const Use& use : uses) {
    std::int64_t matched = 0;
    for (const BlockId id : use.blocks) {
      if (!last_use.contains(id) || use.time - last_use[id] > ttl) {
        break;
      }
      ++matched;
    }
    hit += std::min(matched * kBlockTokens, use.input);
    input += use.input;
    for (const BlockId id : use.blocks) {
      last_use[id] = use.time;
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
    const std::vector<Use> uses = random_uses(seed, 300);
    std::vector<std::int64_t> capacities;
    for (const std::int64_t count : blocks) {
      capacities.push_back(count * kBlockTokens + kBlockTokens -
                           1);  // a partial block holds nothing
    }
    ReuseProfile profile(kBlockTokens, capacities, ttls);
    for (const Use& use : uses) {
      profile.add(use.time, use.input, use.blocks);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      EXPECT_DOUBLE_EQ(profile.lru_hit_ratio(i),
                       naive_lru(uses, static_cast<std::size_t>(blocks[i])))
          << seed << " " << blocks[i];
    }
    for (std::size_t i = 0; i < ttls.size(); ++i) {
      EXPECT_DOUBLE_EQ(profile.ttl_hit_ratio(i), naive_ttl(uses, ttls[i])) << seed << " " << i;
    }
    EXPECT_DOUBLE_EQ(profile.ideal_hit_ratio(), profile.lru_hit_ratio(blocks.size() - 1));
    EXPECT_GT(profile.ideal_hit_ratio(), 0.1);
  }
}

// One block used at 0, 10 and 30 s, another one between: distances 1 and 2 blocks, intervals 10 and
// 20 s.
TEST(ReuseProfile, DistancesAndIntervals) {
  ReuseProfile profile(kBlockTokens, {}, {});
  const std::vector<BlockId> one = {1}, other = {2};
  profile.add(std::chrono::seconds(0), kBlockTokens, one);
  profile.add(std::chrono::seconds(10), kBlockTokens, one);
  profile.add(std::chrono::seconds(20), kBlockTokens, other);
  profile.add(std::chrono::seconds(30), kBlockTokens, one);
  EXPECT_NEAR(profile.reuse_distance_tokens(0.5), 16.0, 16.0 * 0.03);
  EXPECT_NEAR(profile.reuse_distance_tokens(1.0), 32.0, 32.0 * 0.03);
  EXPECT_NEAR(profile.reuse_interval_s(0.5), 10.0, 0.3);
  EXPECT_NEAR(profile.reuse_interval_s(1.0), 20.0, 0.6);
  EXPECT_EQ(profile.distinct_blocks(), 2);
  EXPECT_DOUBLE_EQ(profile.ideal_hit_ratio(), 0.5);
}

}  // namespace
}  // namespace epfleet::cache
