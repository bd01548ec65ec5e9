// The life of single requests in a fleet of one prefill and one decode unit: what they find and
// leave in the cache, where they run, and how they end.
#include "epfleet/cluster/request_flow.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "small_state.h"

namespace epfleet::cluster {
namespace {

using base::TimePoint;
using observe::Outcome;
using std::chrono::minutes;
using std::chrono::seconds;
using workload::Request;

class ListSource : public workload::Source {
 public:
  std::optional<TimePoint> next_arrival() override {
    return left.empty() ? std::nullopt : std::optional(left.front().arrival);
  }
  Request take() override {
    const Request request = left.front();
    left.pop_front();
    return request;
  }
  void complete(const Request& /*request*/, TimePoint /*done*/) override { ++completed; }

  std::deque<Request> left;
  int completed = 0;
};

// Every prompt's first 500 tokens are stored; remembers what is stored on top.
class FakeCache : public cache::PrefixCache {
 public:
  cache::Lookup lookup(const Request& request, cache::Extent& /*own*/, TimePoint /*now*/) override {
    sessions_asked_for.push_back(request.prefix.session_tokens);
    return found;
  }
  std::int32_t store(const Request& request, cache::Extent& /*own*/, std::int64_t tokens,
                     TimePoint now, TimePoint stored_at) override {
    EXPECT_GE(stored_at, now);
    stored.emplace_back(request.id.value(), tokens);
    const bool is_prompt = tokens == request.prompt_tokens;
    return is_prompt ? std::min(found.hit_tokens, had_of_prompt) : had_with_answer;
  }
  void postpone(const Request& /*request*/, cache::Extent& /*own*/,
                TimePoint /*stored_at*/) override {
    ++postponed;
  }
  void forget_session(const Request& /*last*/, cache::Extent& /*own*/) override { ++forgotten; }
  void warm(std::span<const workload::WarmExtent> /*extents*/,
            std::span<const workload::WarmTotal> /*totals*/) override {}
  std::int64_t stored_tokens(TimePoint /*now*/) override { return 0; }

  std::vector<std::pair<std::uint64_t, std::int64_t>> stored;
  std::vector<std::int32_t> sessions_asked_for;  // their tokens
  int forgotten = 0, postponed = 0;
  // Still there when the prompt, or prompt and answer, are stored.
  std::int32_t had_of_prompt = 1'000'000, had_with_answer = 1'000'000;
  cache::Lookup found{.hit_tokens = 500};
};

class FlowListener : public observe::Observer {
 public:
  void on_requests_done(std::span<const observe::RequestDone> requests) override {
    done.insert(done.end(), requests.begin(), requests.end());
  }
  std::vector<observe::RequestDone> done;
};

struct Flow : engine::Handler {
  explicit Flow(std::vector<std::string> keys = {}) : state(std::move(keys)) { state.open_all(); }

  void add(std::int32_t prompt, std::int32_t output, workload::Variant variant) {
    Request request;
    request.id = base::RequestId(next_id++);
    request.arrival = state.fleet.spec.run_start() + seconds(request.id.value());
    request.prompt_tokens = prompt;
    request.output_tokens = output;
    request.variant = variant;
    source.left.push_back(request);
  }
  void run_for(base::Duration duration) {
    flow.start();
    state.fleet.engine.run(*this, state.fleet.spec.run_start() + duration);
    endings.end_run();
  }
  void handle(const engine::Event& event) override {
    FleetState& fleet = state.fleet;
    switch (static_cast<Kind>(event.kind)) {
      case Kind::Arrival:
        return flow.accept_arrivals();
      case Kind::ArrivalSlice:
        return flow.open_arrival_slice();
      case Kind::PrefillStart:
        return fleet.prefill.start_step(event.target);
      case Kind::PrefillStepEnd:
        flow.end_prefill_step(event.target);
        return fleet.prefill.wake(event.target, fleet.now());
      case Kind::DecodeStart:
        return flow.start_decode_step(event.target);
      case Kind::DecodeStepEnd:
        flow.end_decode_step(event.target);
        return fleet.decode.wake(event.target, fleet.now());
      case Kind::RequestTimer:
        return flow.end_overdue();
      case Kind::Retry:
        return flow.accept_retries();
      default:
        FAIL() << "no other part is here";
    }
  }

  SmallState state;
  std::uint64_t next_id = 0;
  ListSource source;
  workload::ArrivalFeed arrivals{source, nullptr};
  FakeCache cache;
  FlowListener listener;
  std::vector<observe::Observer*> observers{&listener};
  PrefillRouter prefill{state.fleet};
  DecodeRouter decode{state.fleet};
  PromptStore stored{cache, state.fleet.requests};
  RequestEndings endings{state.fleet, decode, arrivals, stored, observers};
  RequestFlow flow{state.fleet, prefill, decode, arrivals, stored, endings, observers};
};

TEST(RequestFlow, FromArrivalToLastToken) {
  Flow f;
  f.add(2'000, 100, workload::Variant::V3);
  f.run_for(minutes(2));
  ASSERT_EQ(f.listener.done.size(), 1U);
  const observe::RequestDone& done = f.listener.done.front();
  EXPECT_EQ(done.outcome(), Outcome::Completed);
  EXPECT_EQ(done.cached_tokens, 500);
  EXPECT_LE(done.arrival, done.prefill_start);
  EXPECT_LT(done.prefill_start, done.first_token);
  EXPECT_LT(done.first_token, done.kv_arrived);
  EXPECT_LE(done.kv_arrived, done.decode_start);
  EXPECT_LT(done.decode_start, done.done);
  // the prompt after prefill, the whole conversation after the answer
  EXPECT_EQ(f.cache.stored, (decltype(f.cache.stored){{0, 2'000}, {0, 2'100}}));
  EXPECT_EQ(f.state.fleet.totals.cache_read_bytes, f.state.fleet.kv_bytes(500).count());
  EXPECT_EQ(f.state.fleet.totals.cache_written_bytes, f.state.fleet.kv_bytes(1'500 + 100).count());
  EXPECT_EQ(f.state.fleet.totals.kv_moved_bytes, f.state.fleet.kv_bytes(2'000).count());
  EXPECT_EQ(f.state.fleet.totals.computed_tokens, 1'500);
  EXPECT_EQ(f.endings.ended(Ending::LastToken), 1);
  EXPECT_EQ(f.cache.forgotten, 1);
  EXPECT_EQ(f.state.fleet.requests.live(), 0U);
}

// It was never stored, or has left: in whole blocks of 64, of which 2,000 tokens are 31 and a bit.
TEST(RequestFlow, AnAnswerIsWrittenWithWhatTheStoreLacksOfItsPrompt) {
  for (const auto& [had, lacks] :
       {std::pair{0, 2'000}, {640, 1'360}, {30 * 64, 80}, {31 * 64, 0}, {2'048, 0}}) {
    SCOPED_TRACE(had);
    Flow f;
    f.cache.had_with_answer = had;
    f.add(2'000, 100, workload::Variant::V3);
    f.run_for(minutes(2));
    EXPECT_EQ(f.cache.stored, (decltype(f.cache.stored){{0, 2'000}, {0, 2'100}}));
    EXPECT_EQ(f.state.fleet.totals.cache_written_bytes,
              f.state.fleet.kv_bytes(1'500 + 100 + lacks).count());
    EXPECT_EQ(f.cache.postponed, lacks > 0 ? 1 : 0);
  }
}

// It was read; until its prompt was prefilled it was evicted.
TEST(RequestFlow, AHitThatHasLeftTheStoreIsWrittenAgain) {
  for (const auto& [had, lacks] : {std::pair{0, 500}, {400, 100}, {500, 0}, {700, 0}}) {
    SCOPED_TRACE(had);
    Flow f;
    f.cache.had_of_prompt = had;
    f.add(2'000, 1, workload::Variant::V3);
    f.run_for(minutes(2));
    EXPECT_EQ(f.state.fleet.totals.cache_written_bytes,
              f.state.fleet.kv_bytes(1'500 + lacks).count());
    EXPECT_EQ(f.cache.postponed, lacks > 0 ? 1 : 0);
  }
}

// Each cause has its own number.
TEST(RequestFlow, WhatIsLostIsCountedByItsCause) {
  Flow f;
  f.cache.found = {.hit_tokens = 500,
                   .lost_cold = 1,
                   .lost_capacity = 2,
                   .lost_ttl = 3,
                   .lost_rounding = 4,
                   .lost_not_yet_written = 5};
  f.add(2'000, 1, workload::Variant::V3);
  f.run_for(minutes(1));
  const auto& lost = f.state.fleet.totals.cache_lost;
  EXPECT_EQ(lost.cold, 1);
  EXPECT_EQ(lost.capacity, 2);
  EXPECT_EQ(lost.ttl, 3);
  EXPECT_EQ(lost.rounding, 4);
  EXPECT_EQ(lost.not_yet_written, 5);
  EXPECT_EQ(lost.too_slow + lost.store_down, 0);
}

// A prompt that is stored whole is computed from its last token on.
TEST(RequestFlow, TheLastTokenOfAPromptIsComputed) {
  Flow f;
  f.cache.found = {.hit_tokens = 2'000};
  f.add(2'000, 1, workload::Variant::V3);
  f.run_for(minutes(1));
  EXPECT_EQ(f.listener.done.at(0).cached_tokens, 1'999);
  EXPECT_EQ(f.state.fleet.totals.computed_tokens, 1);
}

TEST(RequestFlow, EveryRequestDrawsItsOwnAcceptance) {
  Flow f({"decode.mtp.acceptance_spread=0.1"});
  for (int i = 0; i < 5; ++i) {
    f.add(100, 4'000, workload::Variant::V3);
  }
  f.run_for(seconds(10));
  std::map<std::int32_t, int> rates;
  f.state.fleet.requests.for_each(
      [&](serving::RequestSlot /*slot*/, const serving::LiveRequest& live) {
        ++rates[live.rate.count()];
        EXPECT_GE(live.rate, base::TokenParts32::nearest(1.7));
        EXPECT_LE(live.rate, base::TokenParts32::nearest(1.9));
      });
  EXPECT_GE(rates.size(), 4U);
}

TEST(RequestFlow, AnswersBehindReasoningAreNotStored) {
  Flow f;
  f.add(2'000, 100, workload::Variant::R1);
  f.run_for(minutes(2));
  EXPECT_EQ(f.cache.stored, (decltype(f.cache.stored){{0, 2'000}}));
}

TEST(RequestFlow, AnAnswerOfOneTokenNeedsNoDecode) {
  Flow f;
  f.add(2'000, 1, workload::Variant::V3);
  f.run_for(minutes(2));
  ASSERT_EQ(f.listener.done.size(), 1U);
  EXPECT_EQ(f.listener.done.front().outcome(), Outcome::Completed);
  EXPECT_EQ(f.listener.done.front().done, f.listener.done.front().first_token);
  EXPECT_FALSE(f.listener.done.front().entered_decode);
  EXPECT_EQ(f.state.fleet.totals.kv_moved_bytes, 0);
}

TEST(RequestFlow, EveryEndingHasItsRow) {
  Flow f;
  const auto limit = static_cast<std::int32_t>(f.state.fleet.spec.workload.context_limit);
  const std::int64_t prefill_room = f.state.fleet.prefill[0].unit.limits().kv_capacity_tokens;
  const std::int64_t decode_room = f.state.fleet.decode[0].unit.limits().kv_capacity_tokens;
  f.add(2'000, 100, workload::Variant::V3);
  f.add(limit, 1, workload::Variant::V3);
  f.add(static_cast<std::int32_t>(prefill_room) + 1, 1, workload::Variant::V3);
  f.add(10, static_cast<std::int32_t>(decode_room), workload::Variant::V3);
  f.add(2'000, 30'000, workload::Variant::R1);
  f.run_for(minutes(2));
  for (const Ending ending :
       {Ending::LastToken, Ending::ContextBeyondLimit, Ending::PromptBeyondHbm,
        Ending::ContextBeyondHbm, Ending::EndOfRun}) {
    EXPECT_EQ(f.endings.ended(ending), 1) << static_cast<int>(ending);
  }
  EXPECT_EQ(f.state.fleet.totals.arrived, 5);
  EXPECT_EQ(f.state.fleet.totals.completed, 1);
  EXPECT_EQ(f.state.fleet.totals.rejected, 3);
  ASSERT_EQ(f.listener.done.size(), 5U);
  for (const observe::RequestDone& done : f.listener.done) {
    EXPECT_TRUE(done.outcome() != Outcome::Rejected || done.done == done.arrival);
  }
  EXPECT_EQ(f.listener.done.back().outcome(), Outcome::InFlight);
}

// Wherever a deadline finds them: in the queue, in a step, half done, on the way, waiting for room,
// decoding. Afterwards no unit has anything left of them.
TEST(RequestFlow, WhoIsClosedLeavesNothingBehind) {
  for (const char* placement : {"arrival", "step"}) {
    std::map<std::string, int> found;
    for (int tenths = 1; tenths <= 120; tenths += 2) {
      Flow f({fmt::format("admission.total_deadline={} ms", 100 * tenths),
              fmt::format("prefill.balancer.placement={}", placement),
              "decode.max_requests_per_gpu=2", "admission.retries={limit: 1, back_off: 50 ms}"});
      for (int i = 0; i < 300; ++i) {
        f.add(i % 7 == 0 ? 30'000 : 2'000, 400, workload::Variant::V3);
        f.source.left.back().arrival =
            f.state.fleet.spec.run_start() + std::chrono::milliseconds(i);
      }
      f.run_for(minutes(5));
      for (const observe::RequestDone& done : f.listener.done) {
        ASSERT_NE(done.outcome(), Outcome::InFlight);
        ++found[done.ending != Ending::TookTooLong ? "completed"
                : done.entered_decode              ? "decoding"
                : done.has_first_token             ? "before decode"
                : done.entered_prefill()           ? "in prefill"
                                                   : "queued"];
      }
      FleetState& fleet = f.state.fleet;
      EXPECT_EQ(fleet.requests.live(), 0U);
      EXPECT_EQ(fleet.requests.queued(), 0);
      EXPECT_TRUE(fleet.prefill[0].unit.empty());
      EXPECT_EQ(fleet.prefill[0].unit.outstanding_tokens(), 0);
      EXPECT_TRUE(fleet.decode[0].unit.empty());
      EXPECT_EQ(fleet.decode[0].unit.active_kv(), base::TokenParts());
      EXPECT_EQ(f.source.completed, 300);
    }
    EXPECT_EQ(found.size(), 5U);
    for (const auto& [where, times] : found) {
      EXPECT_GT(times, 30) << where;
    }
  }
}

// Its prompt was prefilled and stored; the second attempt finds what the first one left.
TEST(RequestFlow, AnAttemptAfterTheFirstTokenFindsItsPromptStored) {
  Flow f({"admission={total_deadline: 2 s, retries: {limit: 1, back_off: 1 s}}"});
  f.add(2'000, 1'000, workload::Variant::V3);
  f.run_for(minutes(2));
  ASSERT_EQ(f.listener.done.size(), 2U);
  EXPECT_EQ(f.listener.done.front().ending, Ending::TookTooLong);
  EXPECT_EQ(f.cache.sessions_asked_for, (std::vector<std::int32_t>{0, 2'000}));
  EXPECT_EQ(f.source.completed, 1);
  EXPECT_EQ(f.cache.forgotten, 1);
}

}  // namespace
}  // namespace epfleet::cluster
