// Isolated sessions find again what they stored themselves and nothing else.
#include <gtest/gtest.h>

#include "epfleet/cache/session_cache.h"

namespace epfleet::cache {
namespace {

workload::Request ask(std::uint32_t slot, std::int32_t session_tokens, bool first) {
  workload::Request request;
  request.prefix.session_slot = slot;
  request.prefix.shared_id = 0;
  request.prefix.shared_tokens = 128;
  request.prefix.session_tokens = session_tokens;
  request.prefix.first_turn = first;
  request.prefix.returns = true;
  request.prompt_tokens = 256;
  request.output_tokens = 1;
  return request;
}

struct Hits {
  std::int32_t stranger, own, cold;
};

// A session stores 256 tokens, 128 of them shared; another one comes, then the first one again.
Hits hits(Isolation isolation) {
  KvCacheConfig config;
  config.isolation = isolation;
  const auto cache = make_session_cache(config, 1, 1);
  const base::TimePoint now{};
  (void)cache->lookup(ask(0, 0, true), now);
  (void)cache->store(ask(0, 0, true), 256, now, now);
  const Lookup stranger = cache->lookup(ask(1, 0, true), now + std::chrono::seconds(1));
  const Lookup own = cache->lookup(ask(0, 256, false), now + std::chrono::seconds(2));
  return {stranger.hit_tokens, own.hit_tokens, stranger.lost_cold};
}

TEST(SessionCache, IsolatedSessionsShareNothing) {
  const Hits shared = hits(Isolation::None);
  EXPECT_EQ(shared.stranger, 128);
  EXPECT_EQ(shared.own, 256);
  EXPECT_EQ(shared.cold, 0);
  const Hits isolated = hits(Isolation::Session);
  EXPECT_EQ(isolated.stranger, 0);
  EXPECT_EQ(isolated.own, 256);
  EXPECT_EQ(isolated.cold, 128);
}

}  // namespace
}  // namespace epfleet::cache
