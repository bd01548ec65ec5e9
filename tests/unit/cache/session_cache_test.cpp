// The session cache against the naive block store of block_store.h, call by call, and its laws.
#include "epfleet/cache/session_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "block_store.h"
#include "epfleet/base/error.h"
#include "random_sessions.h"

namespace epfleet::cache {
namespace {

using base::Duration;
using base::TimePoint;
using workload::Request;
using namespace std::chrono_literals;

constexpr std::int64_t kBytesPerToken = 10;
constexpr std::size_t kShared = RandomSessions::kSharedTokens.size();

KvCacheConfig config_of(const std::string& eviction, std::int64_t capacity_tokens, Duration ttl) {
  KvCacheConfig config;
  config.eviction = eviction;
  config.capacity = base::Bytes(capacity_tokens * kBytesPerToken);
  config.ttl = ttl;
  config.block = 4;
  return config;
}

std::string text(const Lookup& found) {
  return fmt::format("hit {} cold {} capacity {} ttl {} rounding {} not yet {}", found.hit_tokens,
                     found.lost_cold, found.lost_capacity, found.lost_ttl, found.lost_rounding,
                     found.lost_not_yet_written);
}

std::int64_t sum(const Lookup& found) {
  return std::int64_t{found.hit_tokens} + found.lost_cold + found.lost_capacity + found.lost_ttl +
         found.lost_rounding + found.lost_not_yet_written;
}

struct Outcome {
  Lookup total;
  std::int64_t compared = 0;
};

void add(Lookup& total, const Lookup& found) {
  total.hit_tokens += found.hit_tokens;
  total.lost_cold += found.lost_cold;
  total.lost_capacity += found.lost_capacity;
  total.lost_ttl += found.lost_ttl;
  total.lost_rounding += found.lost_rounding;
  total.lost_not_yet_written += found.lost_not_yet_written;
}

// Both stores see the same random conversations, from before time zero on; writes take up to 3 s,
// so many are unfinished at the next call. Every answer and every total must be equal.
void run_both(const KvCacheConfig& config, std::uint64_t seed, Outcome& outcome) {
  const std::int64_t capacity = config.capacity.count() / kBytesPerToken;
  const auto cache = make_session_cache(config, kBytesPerToken, kShared);
  BlockStore reference(config, capacity);
  RandomSessions sessions(seed);
  TimePoint now(-20s);
  const auto pass_time = [&] { now += Duration(sessions.below(4) * 293'000'001LL); };
  const auto store = [&](const Request& request, std::int64_t tokens) {
    pass_time();
    const TimePoint stored_at = now + Duration(sessions.below(4) * 1'000'000'000LL);
    const auto had = reference.store(request, tokens, now, stored_at);
    ASSERT_EQ(cache->store(request, tokens, now, stored_at), had);
    ASSERT_EQ(cache->stored_tokens(now), reference.stored_tokens());
    if (config.eviction != "ttl") {
      ASSERT_LE(cache->stored_tokens(now), capacity);
    }
  };
  for (int i = 0; i < 400; ++i) {
    pass_time();
    const Request request = sessions.next();
    const Lookup expected = reference.lookup(request, now);
    const Lookup found = cache->lookup(request, now);
    ASSERT_EQ(text(found), text(expected)) << "request " << i;
    ASSERT_EQ(sum(found), std::max(request.prefix.session_tokens, request.prefix.shared_tokens));
    ASSERT_EQ(cache->stored_tokens(now), reference.stored_tokens());
    add(outcome.total, found);
    ++outcome.compared;
    if (sessions.below(10) != 0) {  // else the request failed and nothing was stored
      store(request, request.prompt_tokens);
      store(request, sessions.carried(request));
    }
    if (!request.prefix.returns) {
      cache->forget_session(request);
      reference.forget(request);
    }
    base::SumCheck check;
    cache->check_sums(check, {});
    ASSERT_EQ(check.difference(), std::nullopt);
  }
}

class AgainstBlockStore : public testing::TestWithParam<const char*> {};

TEST_P(AgainstBlockStore, EveryAnswerIsEqual) {
  Outcome outcome;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::int64_t capacity = 30 + static_cast<std::int64_t>(seed % 10) * 100;
    const Duration ttl = seed % 3 == 0 ? Duration(1h) : Duration(1s + (seed % 7) * 1700ms);
    SCOPED_TRACE(fmt::format("seed {}", seed));
    ASSERT_NO_FATAL_FAILURE(run_both(config_of(GetParam(), capacity, ttl), seed, outcome));
  }
  // The streams must reach every case, or equality says little.
  EXPECT_EQ(outcome.compared, 60 * 400);
  EXPECT_GT(outcome.total.hit_tokens, 20'000) << text(outcome.total);
  EXPECT_GT(outcome.total.lost_cold, 1'000);
  EXPECT_GT(outcome.total.lost_ttl, 10'000);
  EXPECT_GT(outcome.total.lost_rounding, 10'000);
  EXPECT_GT(outcome.total.lost_not_yet_written, 1'000);
  if (GetParam() == std::string("ttl")) {
    EXPECT_EQ(outcome.total.lost_capacity, 0);
  } else {
    EXPECT_GT(outcome.total.lost_capacity, 10'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, AgainstBlockStore, testing::Values("lru", "fifo", "ttl"));

// Hits of one stream with the given capacity; every request is looked up and stored at one moment.
std::int64_t hits_with(std::int64_t capacity, std::uint64_t seed) {
  const auto cache = make_session_cache(config_of("lru", capacity, 1h), kBytesPerToken, kShared);
  RandomSessions sessions(seed);
  TimePoint now;
  std::int64_t hits = 0;
  for (int i = 0; i < 2000; ++i) {
    now += Duration(1s);
    const Request request = sessions.next();
    hits += cache->lookup(request, now).hit_tokens;
    static_cast<void>(cache->store(request, sessions.carried(request), now, now));
  }
  return hits;
}

// LRU keeps the newest generations, whatever the capacity: a larger store holds all that a smaller
// one holds (for accesses at one moment, and capacities above what one generation writes).
TEST(SessionCache, LruHitsGrowWithCapacity) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::int64_t previous = 0;
    const std::int64_t smallest = hits_with(200, seed);
    for (std::int64_t capacity = 200; capacity <= 3200; capacity += 100) {
      const std::int64_t hits = hits_with(capacity, seed);
      EXPECT_GE(hits, previous) << "capacity " << capacity << " seed " << seed;
      previous = hits;
    }
    EXPECT_GT(previous, smallest);
  }
}

Request turn(std::uint32_t slot, std::int32_t session_tokens, std::int32_t prompt, bool first) {
  Request request;
  request.prefix.session_slot = slot;
  request.prefix.session_tokens = session_tokens;
  request.prefix.first_turn = first;
  request.prefix.returns = true;
  request.prompt_tokens = prompt;
  return request;
}

// 10 tokens in blocks of 4 store 8; the next turn could ideally hit 10: 8 hit + 2 lost to rounding.
TEST(SessionCache, ReturningSessionHitsWholeBlocks) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  const TimePoint now;
  EXPECT_EQ(sum(cache->lookup(turn(0, 0, 10, true), now)), 0);
  EXPECT_EQ(cache->store(turn(0, 0, 10, true), 10, now, now), 0);
  const Lookup found = cache->lookup(turn(0, 10, 15, false), now + 1s);
  EXPECT_EQ(text(found), "hit 8 cold 0 capacity 0 ttl 0 rounding 2 not yet 0");
}

// Written at 0, readable from 5 s: at 4 s the 8 tokens are not yet written, at 5 s they hit. An
// extension written at 6 s until 9 s leaves the older part readable.
TEST(SessionCache, OnlyWhatIsWrittenHits) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  const TimePoint start;
  EXPECT_EQ(cache->store(turn(0, 0, 8, true), 8, start, start + 5s), 0);
  EXPECT_EQ(cache->lookup(turn(0, 8, 16, false), start + 4s).lost_not_yet_written, 8);
  EXPECT_EQ(cache->lookup(turn(0, 8, 16, false), start + 5s).hit_tokens, 8);
  EXPECT_EQ(cache->store(turn(0, 8, 16, false), 16, start + 6s, start + 9s), 8);
  const Lookup found = cache->lookup(turn(0, 16, 20, false), start + 8s);
  EXPECT_EQ(text(found), "hit 8 cold 0 capacity 0 ttl 0 rounding 0 not yet 8");
}

// A write that was to end at 5 s has more to it and ends at 7 s; what was there before can be read
// meanwhile, and what is written already stays as it is.
TEST(SessionCache, AWriteThatGrowsEndsLater) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  const TimePoint start;
  const Request first = turn(0, 0, 8, true);
  (void)cache->store(first, 8, start, start);
  cache->postpone(first, start + 9s);
  EXPECT_EQ(cache->lookup(turn(0, 8, 16, false), start + 1s).hit_tokens, 8);
  const Request next = turn(0, 8, 16, false);
  (void)cache->store(next, 16, start + 2s, start + 5s);
  cache->postpone(next, start + 7s);
  cache->postpone(next, start + 6s);
  EXPECT_EQ(text(cache->lookup(turn(0, 16, 20, false), start + 6s)),
            "hit 8 cold 0 capacity 0 ttl 0 rounding 0 not yet 8");
  EXPECT_EQ(cache->lookup(turn(0, 16, 20, false), start + 7s).hit_tokens, 16);
}

TEST(SessionCache, AWriteOfASharedPrefixThatGrowsEndsLater) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  const TimePoint start;
  Request request = turn(0, 0, 30, true);
  request.prefix.shared_id = 2;
  request.prefix.shared_tokens = 21;
  (void)cache->store(request, 30, start, start + 5s);
  cache->postpone(request, start + 7s);
  request.prefix.session_slot = 1;
  EXPECT_EQ(cache->lookup(request, start + 6s).lost_not_yet_written, 20);
  EXPECT_EQ(cache->lookup(request, start + 7s).hit_tokens, 20);
}

// Age 60 s at a TTL of 60 s is alive, 1 ns more is not; a use starts the age anew.
TEST(SessionCache, TtlIsExactAndSlides) {
  const auto cache = make_session_cache(config_of("ttl", 0, 60s), kBytesPerToken, kShared);
  TimePoint now(1234567ns);
  EXPECT_EQ(cache->store(turn(0, 0, 8, true), 8, now, now), 0);
  EXPECT_EQ(cache->lookup(turn(0, 8, 8, false), now += 60s).hit_tokens, 8);
  EXPECT_EQ(cache->lookup(turn(0, 8, 8, false), now += 60s).hit_tokens, 8);
  EXPECT_EQ(cache->lookup(turn(0, 8, 8, false), now += 60s + 1ns).lost_ttl, 8);
}

// 16 tokens in the warm-up, which are too old when the window begins; 8 in the window.
TEST(SessionCache, ThePeakOfTheWindowBeginsAtWhatIsStored) {
  const auto cache = make_session_cache(config_of("lru", 1000, 10s), kBytesPerToken, kShared);
  const TimePoint start;
  (void)cache->store(turn(0, 0, 16, true), 16, start, start);
  EXPECT_EQ(cache->peak_tokens(), 16);
  cache->restart_peak(start + 30s);
  EXPECT_EQ(cache->peak_tokens(), 0);
  (void)cache->store(turn(1, 0, 8, true), 8, start + 30s, start + 30s);
  EXPECT_EQ(cache->peak_tokens(), 8);
}

// Sessions 0 (8 tokens, used at -50 s) and 1 (8 tokens, -10 s) and 12 tokens of others (-30 s) are
// 28 tokens; a capacity of 24 loses the oldest, a whole generation.
TEST(SessionCache, WarmStoreEvictsOldestFirst) {
  const auto cache = make_session_cache(config_of("lru", 24, 1h), kBytesPerToken, kShared);
  const std::vector<workload::WarmExtent> extents = {{1, 9, TimePoint(-10s)},
                                                     {0, 8, TimePoint(-50s)}};
  const std::vector<workload::WarmTotal> totals = {{TimePoint(-30s), 12}};
  cache->warm(extents, totals);
  const TimePoint start(-5s);
  EXPECT_EQ(cache->stored_tokens(start), 20);
  EXPECT_EQ(cache->lookup(turn(0, 8, 9, false), start).lost_capacity, 8);
  EXPECT_EQ(cache->lookup(turn(1, 9, 9, false), start).hit_tokens, 8);
}

// A warm session of 40 tokens whose first 21 are a shared prefix: 5 shared blocks (20 tokens) are
// stored once, the session keeps the other 5 blocks; nothing is counted twice after its first use.
TEST(SessionCache, WarmSessionsHitThroughTheirSharedPrefix) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  const std::vector<workload::WarmExtent> extents = {{0, 40, TimePoint(-10s)}};
  cache->warm(extents, {});
  EXPECT_EQ(cache->stored_tokens(TimePoint(-1s)), 40);
  Request request = turn(0, 40, 50, false);
  request.prefix.shared_id = 2;
  request.prefix.shared_tokens = 21;
  EXPECT_EQ(cache->lookup(request, TimePoint()).hit_tokens, 40);
  EXPECT_EQ(cache->stored_tokens(TimePoint()), 40);
}

// 10 tokens were last used 100 s ago: at a TTL of 60 s a warm shared prefix has expired with them.
TEST(SessionCache, WarmSharedPrefixGrowsOldToo) {
  const auto cache = make_session_cache(config_of("lru", 1000, 60s), kBytesPerToken, kShared);
  const std::vector<workload::WarmTotal> totals = {{TimePoint(-100s), 12}};
  cache->warm({}, totals);
  Request request = turn(0, 0, 30, true);
  request.prefix.shared_id = 2;
  request.prefix.shared_tokens = 21;
  EXPECT_EQ(text(cache->lookup(request, TimePoint())),
            "hit 0 cold 0 capacity 0 ttl 20 rounding 1 not yet 0");
  EXPECT_EQ(cache->stored_tokens(TimePoint()), 0);
}

// Without any warm content a shared prefix is cold: its first lookup loses 5 whole blocks of 4.
// Its generation is still there, and gets no tokens for it.
TEST(SessionCache, AWarmSharedPrefixThatIsJustTooOldIsNoWrongSum) {
  const auto cache = make_session_cache(config_of("lru", 1'000, 10s), kBytesPerToken, kShared);
  const std::vector<workload::WarmExtent> extents = {{0, 40, TimePoint(200ms)}};
  cache->warm(extents, {});
  Request request = turn(1, 0, 30, true);
  request.prefix.shared_id = 2;
  request.prefix.shared_tokens = 21;
  (void)cache->lookup(request, TimePoint(10s + 500ms));
  base::SumCheck check;
  cache->check_sums(check, {});
  EXPECT_EQ(check.difference(), std::nullopt);
}

TEST(SessionCache, SharedPrefixIsColdOnceAndThenServesOtherSessions) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  Request request = turn(0, 0, 30, true);
  request.prefix.shared_id = 2;
  request.prefix.shared_tokens = 21;
  EXPECT_EQ(cache->lookup(request, TimePoint()).lost_cold, 20);
  EXPECT_EQ(cache->store(request, 30, TimePoint(), TimePoint()), 0);
  request.prefix.session_slot = 1;
  EXPECT_EQ(cache->lookup(request, TimePoint(1s)).hit_tokens, 20);
  EXPECT_EQ(cache->store(request, 30, TimePoint(1s), TimePoint(1s)), 20);
}

// The prompt of a request whose GPU died is prefilled again: what its first prefill stored hits.
TEST(SessionCache, RepeatedPrefillHitsItsOwnPrompt) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  EXPECT_EQ(cache->store(turn(0, 0, 22, true), 22, TimePoint(), TimePoint()), 0);
  EXPECT_EQ(cache->lookup(turn(0, 22, 22, false), TimePoint(1s)).hit_tokens, 20);
}

TEST(SessionCache, RefusesTimeThatGoesBack) {
  const auto cache = make_session_cache(config_of("lru", 1000, 1h), kBytesPerToken, kShared);
  static_cast<void>(cache->stored_tokens(TimePoint(2s)));
  EXPECT_THROW(static_cast<void>(cache->stored_tokens(TimePoint(1s))), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::cache
