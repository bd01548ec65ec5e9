// Data structures of the inner loop against the plain ones that say what they must do, on random
// orders of calls.
#include <algorithm>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/base/token_parts.h"
#include "epfleet/cache/session_cache.h"
#include "epfleet/engine/engine.h"
#include "epfleet/serving/finish_calendar.h"
#include "epfleet/sessions/wake_calendar.h"
#include "property.h"
#include "unit/cache/block_store.h"

namespace epfleet::test {
namespace {

using base::Duration;
using base::TimePoint;

// --- the event queue

// What a handler does when its event comes: schedule another, or cancel one.
struct Reaction {
  std::int64_t after = 0;  // ns
  int phase = 0;
  bool cancels = false;
};

rc::Gen<Reaction> any_reaction() {
  using rc::gen::inRange;
  return rc::gen::build<Reaction>(rc::gen::set(&Reaction::after, inRange<std::int64_t>(0, 6)),
                                  rc::gen::set(&Reaction::phase, inRange(0, 5)),
                                  rc::gen::set(&Reaction::cancels, rc::gen::arbitrary<bool>()));
}

void showValue(const Reaction& reaction, std::ostream& to) {
  to << (reaction.cancels ? "cancel " : "schedule ") << reaction.after << " " << reaction.phase;
}

using Key = std::tuple<TimePoint, engine::Phase, std::uint64_t>;

// Beside the engine a sorted set of what it should still execute.
struct Reference : engine::Handler {
  Reference(engine::Engine& of, std::vector<Reaction> reactions)
      : engine(of), to_come(std::move(reactions)) {}

  void schedule(const Reaction& reaction, engine::Phase earliest) {
    const TimePoint time = engine.now() + Duration(reaction.after);
    const auto phase = reaction.after == 0
                           ? std::max(earliest, static_cast<engine::Phase>(reaction.phase))
                           : static_cast<engine::Phase>(reaction.phase);
    const engine::EventId id = engine.at(time, phase, engine::EventKind{1}, 0);
    left.emplace(time, phase, id.sequence);
  }

  void handle(const engine::Event& event) override {
    RC_ASSERT(!left.empty());
    RC_ASSERT(*left.begin() == Key(event.time, event.phase, event.sequence));
    left.erase(left.begin());
    RC_ASSERT(engine.left() == left.size());
    for (int i = 0; i < 2 && next < to_come.size(); ++i) {
      const Reaction& reaction = to_come[next++];
      if (reaction.cancels && !left.empty()) {
        const auto place =
            static_cast<std::ptrdiff_t>(static_cast<std::size_t>(reaction.after) % left.size());
        const auto chosen = std::next(left.begin(), place);
        engine.cancel({std::get<2>(*chosen)});
        left.erase(chosen);
      } else {
        schedule(reaction, event.phase);
      }
    }
  }

  engine::Engine& engine;
  std::vector<Reaction> to_come;
  std::size_t next = 0;
  std::set<Key> left;
};

TEST(EventQueue, ExecutesInTheOrderOfASortedSet) {
  expect_property(300, [] {
    const auto starts = *rc::gen::container<std::vector<Reaction>>(any_reaction());
    const auto reactions = *rc::gen::container<std::vector<Reaction>>(any_reaction());
    const Duration until(*rc::gen::inRange<std::int64_t>(0, 200));
    engine::Engine engine{TimePoint{}};
    Reference reference(engine, reactions);
    for (const Reaction& start : starts) {
      reference.schedule(start, engine::Phase::Sample);
    }
    const engine::RunEnd end = engine.run(reference, TimePoint(until));
    RC_ASSERT((end == engine::RunEnd::Exhausted) == reference.left.empty());
    RC_ASSERT(engine.left() == reference.left.size());
    RC_ASSERT(engine.scheduled() == engine.executed() + engine.cancelled() + engine.left());
    for (const auto& [time, phase, sequence] : reference.left) {
      RC_ASSERT(time > TimePoint(until) ||
                (time == TimePoint(until) && phase != engine::Phase::Sample));
    }
  });
}

// --- who finishes at which step

TEST(FinishCalendar, GivesOutWhatASetWould) {
  constexpr std::int64_t kLongest = 700;
  expect_property(100, [] {
    serving::FinishCalendar calendar(kLongest);
    std::set<std::pair<std::uint32_t, serving::RequestSlot>> reference;
    serving::RequestSlot slot = 0;
    const int steps = *rc::gen::inRange(1, 900);
    base::Stream draw(base::StreamFamily(*rc::gen::inRange<std::uint64_t>(1, 1'000'000), "test"),
                      0);
    for (std::uint32_t step = 0; step < static_cast<std::uint32_t>(steps); ++step) {
      for (std::uint64_t joins = draw.bits() % 4; joins > 0; --joins) {
        const bool is_long = draw.bits() % 3 == 0;
        const auto stay = static_cast<std::uint32_t>(draw.bits() % (is_long ? kLongest : 5));
        calendar.add(step + stay, {.slot = slot, .gpu = static_cast<std::uint16_t>(slot % 3)});
        reference.emplace(step + stay, slot++);
      }
      if (!reference.empty() && draw.bits() % 5 == 0) {
        auto gone = std::next(reference.begin(),
                              static_cast<std::ptrdiff_t>(draw.bits() % reference.size()));
        calendar.remove(gone->first, gone->second);
        reference.erase(gone);
      }
      std::vector<serving::RequestSlot> on_gpu, expected;
      calendar.for_each_on(1, [&](serving::RequestSlot one) { on_gpu.push_back(one); });
      for (const auto& [when, one] : reference) {
        if (one % 3 == 1) {
          expected.push_back(one);
        }
      }
      std::ranges::sort(on_gpu);
      std::ranges::sort(expected);
      RC_ASSERT(on_gpu == expected);
      serving::FinishCalendar::List& taken = calendar.take(step);
      std::vector<serving::RequestSlot> finished;
      for (const auto& finisher : taken) {
        finished.push_back(finisher.slot);
      }
      taken.clear();
      std::ranges::sort(finished);
      std::vector<serving::RequestSlot> due;
      while (!reference.empty() && reference.begin()->first == step) {
        due.push_back(reference.begin()->second);
        reference.erase(reference.begin());
      }
      RC_ASSERT(finished == due);
    }
  });
}

// --- who wakes up when

TEST(WakeCalendar, GivesOutWhatASetWould) {
  using Entry = sessions::WakeCalendar::Entry;
  expect_property(200, [] {
    // Think times of all sizes: within a bucket, a span, days.
    const auto think = rc::gen::mapcat(rc::gen::inRange(0, 50), [](int bits) {
      return rc::gen::inRange<std::int64_t>(0, (std::int64_t{1} << bits) + 1);
    });
    const auto thinks = *rc::gen::container<std::vector<std::int64_t>>(think);
    const auto pops = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3));
    auto calendar = std::make_unique<sessions::WakeCalendar>();
    std::set<Entry> reference;
    TimePoint now{Duration(-7'000'000'000'000)};
    std::uint32_t slot = 0;
    const auto pop = [&] {
      RC_ASSERT(calendar->next_time() == reference.begin()->time);
      const Entry entry = calendar->pop();
      RC_ASSERT(entry == *reference.begin());
      reference.erase(reference.begin());
      now = entry.time;
    };
    for (std::size_t i = 0; i < thinks.size(); ++i) {
      const Entry entry{now + Duration(thinks[i]), slot++};
      calendar->push(entry.time, entry.slot);
      reference.insert(entry);
      for (int n = i < pops.size() ? pops[i] : 0; n > 0 && !reference.empty(); --n) {
        pop();
      }
      RC_ASSERT(calendar->empty() == reference.empty());
    }
    while (!reference.empty()) {
      pop();
    }
    RC_ASSERT(calendar->empty());
  });
}

// --- the store

struct CacheCall {
  std::int64_t gap_ms = 0;
  std::uint32_t session = 0;
  std::int32_t new_tokens = 1, answer = 1, write_ms = 0;
  bool drops_tail = false, ends = false;
};

void showValue(const CacheCall& call, std::ostream& to) {
  to << "{after " << call.gap_ms << " ms, session " << call.session << ", " << call.new_tokens
     << " new, answer " << call.answer << ", written in " << call.write_ms << " ms"
     << (call.drops_tail ? ", drops the tail" : "") << (call.ends ? ", ends" : "") << "}";
}

rc::Gen<CacheCall> any_cache_call() {
  using rc::gen::inRange;
  const auto sometimes = rc::gen::map(inRange(0, 5), [](int n) { return n == 4; });
  return rc::gen::build<CacheCall>(
      rc::gen::set(&CacheCall::gap_ms,
                   rc::gen::element<std::int64_t>(0, 1, 250, 999, 1000, 1001, 2000, 3000)),
      rc::gen::set(&CacheCall::session, inRange<std::uint32_t>(0, 5)),
      rc::gen::set(&CacheCall::new_tokens, inRange(1, 30)),
      rc::gen::set(&CacheCall::answer, inRange(1, 12)),
      rc::gen::set(&CacheCall::write_ms, rc::gen::element(0, 0, 1, 1000, 1500)),
      rc::gen::set(&CacheCall::drops_tail, sometimes), rc::gen::set(&CacheCall::ends, sometimes));
}

bool is_same(const cache::Lookup& a, const cache::Lookup& b) {
  return a.hit_tokens == b.hit_tokens && a.lost_cold == b.lost_cold &&
         a.lost_capacity == b.lost_capacity && a.lost_ttl == b.lost_ttl &&
         a.lost_rounding == b.lost_rounding && a.lost_not_yet_written == b.lost_not_yet_written;
}

// Times to live are whole numbers of the gaps between calls, so that calls fall on their ends.
TEST(SessionStore, IsAStoreOfSingleBlocks) {
  constexpr std::int32_t kShared[] = {0, 3, 21, 9, 5};  // of each session
  expect_property(400, [&] {
    cache::KvCacheConfig config;
    config.eviction = *rc::gen::element<std::string>("lru", "fifo", "ttl");
    config.ttl = std::chrono::milliseconds(*rc::gen::element(1, 1000, 2000, 4000, 100'000));
    config.block = *rc::gen::inRange(1, 8);
    const std::int64_t capacity = *rc::gen::inRange<std::int64_t>(1, 300);
    config.capacity = base::Bytes(capacity * 10);
    const auto calls = *rc::gen::container<std::vector<CacheCall>>(any_cache_call());

    const auto store = cache::make_session_cache(config, 10, std::size(kShared));
    cache::BlockStore reference(config, capacity);
    struct Session {
      bool returns = false;
      std::int32_t stored = 0;
    };
    Session sessions[std::size(kShared)];
    TimePoint now(std::chrono::seconds(-5));
    std::int64_t written = 0;
    for (const CacheCall& call : calls) {
      now += std::chrono::milliseconds(call.gap_ms);
      Session& session = sessions[call.session];
      workload::Request request;
      request.prefix.session_slot = request.prefix.shared_id = call.session;
      request.prefix.shared_tokens = kShared[call.session];
      request.prefix.first_turn = !session.returns;
      if (session.returns) {
        const std::int32_t kept = session.stored - (call.drops_tail ? 7 : 0);
        request.prefix.session_tokens = std::max(request.prefix.shared_tokens, kept);
      }
      const std::int32_t known =
          std::max(request.prefix.shared_tokens, request.prefix.session_tokens);
      request.prompt_tokens = known + call.new_tokens;
      request.output_tokens = call.answer;
      request.prefix.returns = session.returns = !call.ends;

      const cache::Lookup found = store->lookup(request, now);
      RC_ASSERT(is_same(found, reference.lookup(request, now)));
      RC_ASSERT(found.hit_tokens + found.lost_cold + found.lost_capacity + found.lost_ttl +
                    found.lost_rounding + found.lost_not_yet_written ==
                known);
      const TimePoint stored_at = now + std::chrono::milliseconds(call.write_ms);
      for (const std::int32_t tokens :
           {request.prompt_tokens, request.prompt_tokens + call.answer}) {
        const std::int64_t had = store->store(request, tokens, now, stored_at);
        RC_ASSERT(had == reference.store(request, tokens, now, stored_at));
        written += tokens / config.block * config.block - had;
        // written - evicted - expired = resident
        RC_ASSERT(store->stored_tokens(now) == reference.stored_tokens());
        RC_ASSERT(store->stored_tokens(now) <= written);
        RC_ASSERT(config.eviction == "ttl" || store->stored_tokens(now) <= capacity);
      }
      session.stored = request.prompt_tokens + call.answer;
      if (call.ends) {
        store->forget_session(request);
        reference.forget(request);
      }
    }
    // A TTL after the last use, and the width of what is dropped together, nothing is left.
    now += config.ttl + 2 * cache::kGenerationWidth;
    RC_ASSERT(store->stored_tokens(now) == 0);
  });
}

// --- tokens in parts

TEST(TokenParts, AreIntegers) {
  expect_property(500, [] {
    const auto a = *rc::gen::inRange<std::int64_t>(-1'000'000'000, 1'000'000'000);
    const auto b = *rc::gen::inRange<std::int64_t>(1, 1'000'000'000);
    const auto times = *rc::gen::inRange<std::int64_t>(0, 1'000);
    using base::TokenParts;
    RC_ASSERT((TokenParts(a) + TokenParts(b) - TokenParts(b)).count() == a);
    RC_ASSERT((TokenParts(b) * times).count() == b * times);
    RC_ASSERT(TokenParts::from_tokens(a).whole_tokens() == a);
    RC_ASSERT(TokenParts(a).whole_tokens() * 256 <= a &&
              a < TokenParts(a).whole_tokens() * 256 + 256);
    RC_ASSERT((TokenParts(a) < TokenParts(b)) == (a < b));
    const double tokens = TokenParts(b).tokens();
    RC_ASSERT(TokenParts::nearest(tokens).count() == b);
    RC_ASSERT(TokenParts::round_down(tokens).count() == b);
    RC_ASSERT(TokenParts::nearest(tokens + 0.5 / 256).count() == b + 1);
    RC_ASSERT(TokenParts::round_down(tokens + 0.9 / 256).count() == b);
  });
}

}  // namespace
}  // namespace epfleet::test
