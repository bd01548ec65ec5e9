// The feed draws a slice ahead of the clock. Equation: a source that is told of every completion
// when it happens, and one behind a feed, with and without a second thread, give the same requests.
#include "epfleet/workload/arrival_feed.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <queue>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "day_mix.h"
#include "epfleet/base/error.h"
#include "epfleet/sessions/session_source.h"
#include "support/drive.h"

namespace epfleet::sessions {
namespace {

const ExpectedService kService{0.3, 0.01};

SessionSourceSpec small_day() {
  SessionSourceSpec spec;
  spec.config = day_mix();
  spec.config.totals.input = 608'000'000'000 / 20'000;
  spec.config.shortest_think = std::chrono::milliseconds(800);
  for (workload::SessionClassConfig& of : spec.config.classes) {
    of.think.median = std::min(of.think.median, 1.5);  // many returns at the shortest think time
  }
  spec.duration = std::chrono::hours(2);
  spec.service = kService;
  return spec;
}

// As drive() does, with the feed between. Slots are left out: they are used again a little later.
std::vector<workload::Request> drive_feed(workload::ArrivalFeed& feed, base::TimePoint start,
                                          base::TimePoint until) {
  using Done = std::pair<base::TimePoint, std::uint64_t>;
  std::priority_queue<Done, std::vector<Done>, std::greater<>> serving;
  std::vector<workload::Request> taken;
  feed.start(start);
  while (true) {
    const workload::Request* next = feed.front();
    const base::TimePoint at = next != nullptr ? next->arrival : feed.next_slice();
    if (!serving.empty() && serving.top().first <= at) {
      feed.complete(taken[serving.top().second], serving.top().first);
      serving.pop();
    } else if (at >= until) {
      return taken;
    } else if (next == nullptr) {
      feed.open_next();
    } else {
      EXPECT_EQ(next->id.value(), taken.size());
      const double service_s = kService.seconds(next->output_tokens);
      serving.emplace(next->arrival + base::duration_from_seconds(service_s), next->id.value());
      taken.push_back(*next);
      feed.pop();
    }
  }
}

auto what_counts(const workload::Request& r) {
  return std::tuple(r.id.value(), r.session.value(), r.arrival, r.turn, r.prompt_tokens,
                    r.output_tokens, r.prefix.session_tokens, r.prefix.returns);
}

TEST(ArrivalFeed, HandsOutWhatTheSourceAloneWouldGive) {
  const base::TimePoint until = base::kWindowStart + std::chrono::hours(1);
  const SessionSourceSpec spec = small_day();
  const std::vector<workload::Request> alone =
      test::drive(*make_session_source(spec), kService, until);
  ASSERT_GT(alone.size(), 1000U);
  base::Worker worker;
  for (const bool threads : {false, true}) {
    const auto source = make_session_source(spec);
    workload::ArrivalFeed feed(*source, threads ? &worker : nullptr);
    const auto fed = drive_feed(feed, base::kWindowStart - spec.config.warm_up.value(), until);
    ASSERT_EQ(fed.size(), alone.size()) << threads;
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
  for (const bool threads : {false, true}) {
    Ticks source(10);
    workload::ArrivalFeed feed(source, threads ? &worker : nullptr);
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
  ASSERT_EQ(feed.upcoming(3, 9).size(), 1U);  // at 0, 0.3, 0.6 and 0.9 s
  EXPECT_TRUE(feed.upcoming(4, 9).empty());
  EXPECT_EQ(feed.upcoming(1, 2).size(), 2U);
  EXPECT_THROW(feed.open_next(), base::InvariantBroken);
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
