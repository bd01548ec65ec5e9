// The way to the store: transfers end when the slower of NIC and store is done; a slow hit is
// computed anew if one GPU has it sooner.
#include "epfleet/cluster/store_path.h"

#include <gtest/gtest.h>

namespace epfleet::cluster {
namespace {

constexpr base::TimePoint kStart{};

base::TimePoint at(double s) { return kStart + base::duration_from_seconds(s); }
base::Bytes gb(std::int64_t count) { return base::Bytes(count * 1'000'000'000); }
base::BytesPerSecond gb_s(double rate) { return base::BytesPerSecond(rate * 1e9); }

TEST(StorePath, WithoutLimitsTheNicDecides) {
  StorePath path({}, 1000.0);
  serving::Link nic(gb_s(2));
  EXPECT_EQ(path.read(nic, kStart, gb(4)), at(2));
  EXPECT_EQ(path.write(nic, kStart, gb(4)), at(4));
}

// Two nodes of 2 GB/s before a store of 3 GB/s: 6 GB take 3 s through either NIC, 2 s and 4 s
// through the store.
TEST(StorePath, NodesShareTheStoresBandwidth) {
  cache::KvCacheConfig config;
  config.read_bandwidth = gb_s(3);
  StorePath path(config, 1000.0);
  serving::Link a(gb_s(2)), b(gb_s(2));
  EXPECT_EQ(path.read(a, kStart, gb(6)), at(3));
  EXPECT_EQ(path.read(b, kStart, gb(6)), at(4));
  EXPECT_EQ(path.write(a, kStart, gb(6)), at(6));  // writes have a limit of their own: none here
}

TEST(StorePath, AWriteCanBeHitAfterTheDelay) {
  cache::KvCacheConfig config;
  config.write_delay = std::chrono::seconds(5);
  config.write_bandwidth = gb_s(1);
  StorePath path(config, 1000.0);
  serving::Link nic(gb_s(2));
  EXPECT_EQ(path.write(nic, kStart, gb(4)), at(4 + 5));
}

// 1,000 tokens take 1 s to compute. Reading 1 GB takes 0.5 s at first and 1.5 s behind 2 GB.
TEST(StorePath, AHitThatWaitsLongerThanComputingItIsComputed) {
  cache::KvCacheConfig config;
  StorePath reads_all(config, 1000.0);
  config.recompute = cache::Recompute::IfSlower;
  StorePath path(config, 1000.0);
  serving::Link nic(gb_s(2));
  EXPECT_FALSE(path.recomputes(nic, kStart, 1000, gb(1)));
  EXPECT_EQ(path.read(nic, kStart, gb(2)), at(1));
  EXPECT_TRUE(path.recomputes(nic, kStart, 1000, gb(1)));
  EXPECT_FALSE(path.recomputes(nic, kStart, 1500, gb(1)));  // 1.5 s either way: read
  EXPECT_FALSE(reads_all.recomputes(nic, kStart, 1000, gb(1)));
  EXPECT_EQ(nic.free_at(), at(1));  // asking books nothing
}

TEST(StorePath, TheStoresQueueCountsToo) {
  cache::KvCacheConfig config;
  config.recompute = cache::Recompute::IfSlower;
  config.read_bandwidth = gb_s(1);
  StorePath path(config, 1000.0);
  serving::Link busy(gb_s(100)), idle(gb_s(100));
  EXPECT_EQ(path.read(busy, kStart, gb(3)), at(3));
  EXPECT_TRUE(path.recomputes(idle, kStart, 3500, gb(1)));
  EXPECT_FALSE(path.recomputes(idle, kStart, 4000, gb(1)));
}

}  // namespace
}  // namespace epfleet::cluster
