// The feed draws a slice ahead of the clock. Equation: a source that is told of every completion
// when it happens, and one behind a feed, with and without a second thread, give the same requests.
#include "epfleet/workload/arrival_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "day_mix.h"
#include "epfleet/base/error.h"
#include "epfleet/sessions/session_source.h"
#include "support/drive.h"

namespace epfleet::sessions {
namespace {

const ExpectedService kQuickService{0.3, 0.01};

SessionSourceSpec small_day() {
  SessionSourceSpec spec;
  spec.config = day_mix();
  spec.config.totals.input = 608'000'000'000 / 20'000;
  spec.config.shortest_think = std::chrono::milliseconds(800);
  for (workload::SessionClassConfig& of : spec.config.classes) {
    of.think.median = std::min(of.think.median, 1.5);  // many returns at the shortest think time
  }
  spec.duration = std::chrono::hours(2);
  spec.service = kQuickService;
  return spec;
}

// As drive() does, with the feed between. Slots are left out: they are used again a little later.
// `arrive` sees every request that is at the front, `kept` tells what is given back with it.
std::vector<workload::Request> drive_feed(
    workload::ArrivalFeed& feed, base::TimePoint start, base::TimePoint until,
    const std::function<void(const workload::Request&)>& arrive = [](const auto&) {},
    const std::function<workload::StoredExtent(const workload::Request&)>& kept =
        [](const auto&) { return workload::StoredExtent{}; }) {
  using Done = std::pair<base::TimePoint, std::uint64_t>;
  std::priority_queue<Done, std::vector<Done>, std::greater<>> serving;
  std::vector<workload::Request> taken;
  feed.start(start);
  while (true) {
    const workload::Request* next = feed.front();
    const base::TimePoint at = next != nullptr ? next->arrival : feed.next_slice();
    if (!serving.empty() && serving.top().first <= at) {
      const workload::Request& done = taken[serving.top().second];
      feed.complete(done, serving.top().first, kept(done));
      serving.pop();
    } else if (at >= until) {
      return taken;
    } else if (next == nullptr) {
      feed.open_next();
    } else {
      EXPECT_EQ(next->id.value(), taken.size());
      const double service_s = kQuickService.seconds(next->output_tokens);
      serving.emplace(next->arrival + base::duration_from_seconds(service_s), next->id.value());
      arrive(*next);
      taken.push_back(*next);
      feed.pop();
    }
  }
}

// Who draws: the caller, a worker, and each where it is worth it, which is both in turn.
struct Drawing {
  base::Worker* worker;
  std::size_t worth_a_hand_over;
};
std::vector<Drawing> ways(base::Worker& worker) {
  return {{nullptr, 0}, {&worker, 0}, {&worker, 1}};
}

auto what_counts(const workload::Request& r) {
  return std::tuple(r.id.value(), r.session.value(), r.arrival, r.turn, r.prompt_tokens,
                    r.output_tokens, r.prefix.session_tokens, r.prefix.returns);
}

TEST(ArrivalFeed, HandsOutWhatTheSourceAloneWouldGive) {
  const base::TimePoint until = base::kWindowStart + std::chrono::hours(1);
  const SessionSourceSpec spec = small_day();
  const std::vector<workload::Request> alone =
      test::drive(*make_session_source(spec), kQuickService, until);
  ASSERT_GT(alone.size(), 1000U);
  base::Worker worker;
  for (const Drawing& way : ways(worker)) {
    const auto source = make_session_source(spec);
    workload::ArrivalFeed feed(*source, way.worker, way.worth_a_hand_over);
    const auto fed = drive_feed(feed, base::kWindowStart - spec.config.warm_up.value(), until);
    ASSERT_EQ(fed.size(), alone.size()) << way.worth_a_hand_over;
    for (std::size_t i = 0; i < fed.size(); ++i) {
      ASSERT_EQ(what_counts(fed[i]), what_counts(alone[i])) << i;
    }
  }
}

// One request every 0.3 s; nothing comes back. Fails at the `fails_at`-th, if any.
class Ticks final : public workload::Source {
 public:
  explicit Ticks(std::optional<std::uint64_t> fails_at = std::nullopt) : fails_at_(fails_at) {}
  std::optional<base::TimePoint> next_arrival() override {
    return base::kWindowStart + static_cast<std::int64_t>(next_) * std::chrono::milliseconds(300);
  }
  workload::Request take() override {
    if (fails_at_ == next_) {
      throw std::runtime_error("the trace ends here");
    }
    workload::Request request;
    request.arrival = *next_arrival();
    request.id = base::RequestId(next_++);
    return request;
  }
  void complete(const workload::Request& /*request*/, base::TimePoint /*done*/) override {}

 private:
  std::optional<std::uint64_t> fails_at_;
  std::uint64_t next_ = 0;
};

TEST(ArrivalFeed, ATroubleOfTheSourceReachesTheSimulation) {
  base::Worker worker;
  for (const Drawing& way : ways(worker)) {
    Ticks source(10);
    workload::ArrivalFeed feed(source, way.worker, way.worth_a_hand_over);
    EXPECT_THROW(
        (void)drive_feed(feed, base::kWindowStart, base::kWindowStart + std::chrono::minutes(1)),
        std::runtime_error);
  }
}

TEST(ArrivalFeed, ASliceIsOpenedWhenTheOneBeforeIsUsedUp) {
  Ticks source;
  workload::ArrivalFeed feed(source, nullptr);
  feed.start(base::kWindowStart);
  EXPECT_EQ(feed.next_slice(), base::kWindowStart + std::chrono::seconds(1));
  for (int request = 0; request < 4; ++request) {  // at 0, 0.3, 0.6 and 0.9 s
    EXPECT_THROW(feed.open_next(), base::InvariantBroken);
    ASSERT_NE(feed.front(), nullptr);
    feed.pop();
  }
  EXPECT_EQ(feed.front(), nullptr);
  feed.open_next();
  EXPECT_EQ(feed.front()->id.value(), 4U);
}

// What the store has of a session, marked with the request that left it.
workload::StoredExtent left_by(const workload::Request& request) {
  workload::StoredExtent extent;
  extent.available_at = request.arrival;
  extent.end = request.turn + 1;
  return extent;
}

TEST(ArrivalFeed, WhatIsKeptOfASessionComesWithItsNextRequestAndIsNowhereElse) {
  const SessionSourceSpec spec = small_day();
  base::Worker worker;
  for (const Drawing& way : ways(worker)) {
    const auto source = make_session_source(spec);
    const auto warm = source->warm_extents();
    base::HugeVector<workload::StoredExtent> asleep(warm.size());
    for (const workload::WarmExtent& extent : warm) {
      asleep[extent.session_slot].first = extent.tokens;
    }
    workload::ArrivalFeed feed(*source, way.worker, way.worth_a_hand_over);
    feed.carry(std::move(asleep));
    std::map<std::uint64_t, workload::Request> before;  // [session]: its latest request
    std::set<base::TimePoint> taken;  // marks that came with a request: each does so once
    std::size_t first = 0, later = 0, old = 0;
    const auto arrive = [&](const workload::Request& request) {
      const workload::StoredExtent own = feed.front_extent();
      const auto known = before.find(request.session.value());
      if (request.prefix.first_turn) {
        ++first;
        EXPECT_EQ(own.first + own.end, 0);
      } else if (known == before.end()) {
        ++old;
        EXPECT_EQ(own.first, request.prefix.session_tokens);
      } else {
        ++later;
        taken.insert(own.available_at);
        EXPECT_EQ(own.available_at, known->second.arrival);
        EXPECT_EQ(own.end, known->second.turn + 1);
      }
      before[request.session.value()] = request;
    };
    (void)drive_feed(feed, base::kWindowStart - spec.config.warm_up.value(),
                     base::kWindowStart + std::chrono::minutes(40), arrive, left_by);
    EXPECT_GT(std::min({first, later, old}), 100U);
    std::vector<workload::StoredExtent> extents;
    feed.add_extents(extents);
    std::set<base::TimePoint> marks;
    for (const workload::StoredExtent& extent : extents) {
      EXPECT_TRUE(extent.end == 0 || marks.insert(extent.available_at).second);
      EXPECT_FALSE(taken.contains(extent.available_at));
    }
    EXPECT_GT(marks.size(), 10U);
  }
}

TEST(ArrivalFeed, SessionsThatOverlapDoNotTravel) {
  Ticks source;
  workload::ArrivalFeed feed(source, nullptr);
  EXPECT_THROW(feed.carry({}), base::InvariantBroken);
}

// They are as large as the sleeping sessions themselves, and read once.
TEST(ArrivalFeed, WarmExtentsAreGoneOnceItHasStarted) {
  const auto source = make_session_source(small_day());
  ASSERT_FALSE(source->warm_extents().empty());
  workload::ArrivalFeed feed(*source, nullptr);
  feed.start(base::kWindowStart);
  EXPECT_TRUE(source->warm_extents().empty());
}

}  // namespace
}  // namespace epfleet::sessions
