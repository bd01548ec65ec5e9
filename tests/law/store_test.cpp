// KV on disk is neither made nor lost:
//     written = stored + evicted + expired + written twice, in tokens of the store
// and no more than what was written is ever stored. Written twice is what a request could not find
// because it was on its way to the store. Blocks of one token, so that none is stored in part, and
// sessions that share nothing, so that no two write the same.
#include <gtest/gtest.h>

#include "support/failing_fleet.h"

namespace epfleet::test {
namespace {

using namespace failing;  // NOLINT(google-build-using-namespace): its words are the test's
using Store = cache::KvCacheConfig;

// An empty store that takes everything, and never drops it.
config::Scenario empty_store(std::uint64_t seed) {
  return small_fleet(seed, keys({"kv_cache={block: 1, isolation: session, capacity: 100 TB}",
                                 "kv_cache.ttl=24 h", "workload.look_back=0 s"}));
}

FailuresConfig store_is_down(std::vector<Duration> at, Duration lasts) {
  FailuresConfig config = quick_to_recover();
  config.in_flight = InFlight::Retry;
  for (const Duration time : at) {
    config.at.push_back({.time = time, .what = FailureKind::Store, .unit = {}, .lasts = lasts});
  }
  return config;
}

struct Case {
  const char* name;
  FailuresConfig failures;
  Store (*changed)(Store);
};

Store same(Store store) { return store; }
Store small(Store store) {
  store.capacity = base::Bytes(30'000'000'000);
  return store;
}
Store small_fifo(Store store) {
  store.eviction = "fifo";
  return small(store);
}
Store tiny(Store store) {
  store.capacity = base::Bytes(1'000'000'000);
  return store;
}
Store forgetful(Store store) {
  store.ttl = seconds(5);
  return store;
}
Store slow_to_write(Store store) {
  store.write_bandwidth = base::BytesPerSecond(5e8);
  return forgetful(store);
}

std::vector<Case> cases() {
  const FailuresConfig never = quick_to_recover();
  const FailuresConfig down = store_is_down({seconds(40), minutes(2), minutes(4)}, seconds(25));
  FailuresConfig down_and_retried = down;
  down_and_retried.at.push_back({.time = seconds(140),
                                 .what = FailureKind::Node,
                                 .unit = cluster::UnitName{UnitKind::Decode, 0}});
  down_and_retried.at.push_back({.time = seconds(200),
                                 .what = FailureKind::Node,
                                 .unit = cluster::UnitName{UnitKind::Prefill, 0}});
  return {{"nothing happens", never, same},
          {"down", down, same},
          {"small", never, small},
          {"small, fifo, down", down, small_fifo},
          {"tiny", never, tiny},
          {"forgetful", never, forgetful},
          {"slow to write, down", down, slow_to_write},
          {"down, retries", down_and_retried, same},
          {"small, down, retries", down_and_retried, small}};
}

FleetRun run_case(const config::Scenario& scenario, const Case& one, const RunParts& parts = {}) {
  cluster::FleetSpec spec = scenario;
  spec.failures = one.failures;
  spec.kv_cache = one.changed(spec.kv_cache);
  return run_fleet(scenario, spec, parts);
}

TEST(StoreLaws, WhatIsWrittenIsStoredOrHasLeft) {
  Ledger::StoreFlow all;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const config::Scenario scenario = empty_store(seed);
    for (const Case& one : cases()) {
      SCOPED_TRACE(testing::Message() << one.name << ", seed " << seed);
      const FleetRun with = run_case(scenario, one);
      const Ledger::StoreFlow& store = with.ledger.store;
      const observe::FleetSample& last = with.ledger.last();
      const std::int64_t written = last.cache_written_bytes / with.kv_bytes_per_token();
      EXPECT_EQ(last.cache_stored_bytes, store.left * with.kv_bytes_per_token());
      const std::int64_t twice = written - (store.left + store.evicted + store.expired);
      EXPECT_GE(twice, 0);
      EXPECT_LE(twice, last.cache_lost.not_yet_written);
      for (const observe::FleetSample& sample : with.ledger.samples) {
        EXPECT_LE(sample.cache_stored_bytes, sample.cache_written_bytes);
      }
      all.taken += store.taken;
      all.evicted += store.evicted;
      all.expired += store.expired;
      all.left += store.left;
    }
  }
  EXPECT_EQ(all.taken, all.evicted + all.expired + all.left);
  EXPECT_GT(all.evicted, 1'000'000);
  EXPECT_GT(all.expired, 1'000'000);
  EXPECT_GT(all.left, 1'000'000);
}

// What the store has of a session travels with its requests, also with those that are prefilled
// again and with clients that come again. A table by session is the same; traces use it.
TEST(StoreLaws, WhatTravelsWithARequestIsWhatATableWouldHave) {
  std::int64_t hits = 0, retries = 0;
  const config::Scenario scenario =
      small_fleet(4, keys({"kv_cache.block=16", "admission.patience=5 s",
                           "admission.retries={limit: 3, back_off: 2 s}"}));
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    const FleetRun travels = run_case(scenario, one);
    RunParts parts;
    parts.sessions_in_table = true;
    const FleetRun in_table = run_case(scenario, one, parts);
    EXPECT_EQ(travels.fingerprint, in_table.fingerprint);
    const observe::FleetSample& with = travels.ledger.last();
    const observe::FleetSample& without = in_table.ledger.last();
    EXPECT_EQ(with.cache_written_bytes, without.cache_written_bytes);
    EXPECT_EQ(with.cache_stored_bytes, without.cache_stored_bytes);
    EXPECT_EQ(with.cache_lost.capacity, without.cache_lost.capacity);
    EXPECT_EQ(with.cache_lost.ttl, without.cache_lost.ttl);
    EXPECT_EQ(with.cache_lost.not_yet_written, without.cache_lost.not_yet_written);
    hits += tokens_of(with).cached;
    retries += with.retries;
  }
  EXPECT_GT(hits, 1'000'000);
  EXPECT_GT(retries, 100);
}

// Of answers that ended after the store had come back, only their own tokens counted as written:
// more was stored than had been written, by the prompts prefilled while it was down.
TEST(StoreLaws, AStoreThatWasDownHoldsNoMoreThanWasWritten) {
  const config::Scenario scenario = empty_store(3);
  const Case down{"down", store_is_down({seconds(0)}, seconds(20)), same};
  const FleetRun with = run_case(scenario, down);
  const observe::FleetSample& last = with.ledger.last();
  EXPECT_EQ(last.cache_lost.not_yet_written, 0);
  EXPECT_EQ(last.cache_written_bytes, last.cache_stored_bytes);
}

// What a prompt had found was read when a unit served again, though the store was down by then.
TEST(StoreLaws, NothingIsReadWhileTheStoreIsDown) {
  FailuresConfig failures = quick_to_recover();
  failures.in_flight = InFlight::Retry;
  for (const std::int64_t unit : {0, 1}) {
    failures.at.push_back({.time = minutes(2),
                           .what = FailureKind::Node,
                           .unit = cluster::UnitName{UnitKind::Prefill, unit}});
  }
  // Their failure is known after 10 s: prompts that come then find hits, and wait for a unit.
  constexpr Duration kDown = seconds(135), kUp = seconds(255);
  failures.at.push_back(
      {.time = kDown, .what = FailureKind::Store, .unit = {}, .lasts = kUp - kDown});
  const FleetRun with = failing::run(failures, {"report.interval=5 s"});
  const observe::FleetSample* before = nullptr;
  std::int64_t lost = 0;
  for (const observe::FleetSample& sample : with.ledger.samples) {
    if (sample.time < base::kWindowStart + kDown || sample.time > base::kWindowStart + kUp) {
      continue;
    }
    if (before != nullptr) {
      EXPECT_EQ(sample.cache_read_bytes, before->cache_read_bytes);
      lost += sample.cache_lost.store_down - before->cache_lost.store_down;
    }
    before = &sample;
  }
  EXPECT_GT(lost, 0);
  expect_conserved(with);
}

}  // namespace
}  // namespace epfleet::test
