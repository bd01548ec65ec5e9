// A trace as a source: every request of it, when it is asked for, with its identity; counts of an
// hourly shape exact; copies and tiles with identities of their own.
#include "epfleet/traces/trace_source.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "epfleet/base/error.h"
#include "epfleet/workload/day_curve.h"
#include "support/drive.h"
#include "support/temporary_file.h"

namespace epfleet::traces {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr base::TimePoint kStart{};
constexpr base::TimePoint kNever = kStart + std::chrono::hours(24 * 30);

struct {
  static double seconds(std::int64_t /*output*/) { return 1.0; }
} constexpr kService;

TraceSourceSpec spec_of(const std::string& path, base::Duration duration = std::chrono::hours(1)) {
  TraceSourceSpec spec;
  spec.config.path = path;
  spec.config.hourly_shape = "flat";
  spec.config.warm_up = base::Duration{};
  spec.duration = duration;
  return spec;
}

// n requests, one every 100 s from `first_s` on, of 10, 11, 12 ... tokens, with a block of its own
// and a common first one.
std::string chats(int n, double first_s = 0.0) {
  std::string text = "arrival_s,input_tokens,output_tokens,block_ids_8\n";
  for (int i = 0; i < n; ++i) {
    text += fmt::format("{},{},5,aaaa {:x}\n", first_s + 100.0 * i, 10 + i, i);
  }
  return text;
}

std::vector<double> arrivals_s(const std::vector<workload::Request>& requests) {
  std::vector<double> times;
  for (const workload::Request& request : requests) {
    times.push_back(base::to_seconds(request.arrival));
  }
  return times;
}

std::vector<workload::Request> played(const TraceSourceSpec& spec) {
  return test::drive(*make_trace_source(spec), kService, kNever);
}

TEST(TraceSource, PlaysEveryRequestWhenItCameWithItsBlocks) {
  const test::TemporaryFile file(chats(3, 7.5));
  const auto source = make_trace_source(spec_of(file.path()));
  EXPECT_EQ(source->info().block_tokens, 8);
  const workload::Request first = source->take();
  const workload::Request second = source->take();
  EXPECT_EQ(first.arrival, kStart);  // the trace's first request is its time 0
  EXPECT_EQ(second.arrival, kStart + std::chrono::seconds(100));
  EXPECT_EQ(second.prompt_tokens, 11);
  EXPECT_THAT(source->blocks_of(first.prefix.session_slot), ElementsAre(0xaaaa, 0));
  EXPECT_THAT(source->blocks_of(second.prefix.session_slot), ElementsAre(0xaaaa, 1));
  source->complete(first, kStart + std::chrono::seconds(150));
  const workload::Request third = source->take();  // takes the first one's slot
  EXPECT_EQ(third.prefix.session_slot, first.prefix.session_slot);
  EXPECT_THAT(source->blocks_of(third.prefix.session_slot), ElementsAre(0xaaaa, 2));
  EXPECT_FALSE(source->next_arrival());
}

TEST(TraceSource, CutsAndStretches) {
  const test::TemporaryFile file(chats(6));
  TraceSourceSpec spec = spec_of(file.path());
  spec.config.trace.from = std::chrono::seconds(150);
  spec.config.trace.length = std::chrono::seconds(300);
  EXPECT_THAT(arrivals_s(played(spec)), ElementsAre(50, 150, 250));  // those of 200, 300, 400 s
  spec.config.trace.stretch = std::chrono::seconds(30);
  EXPECT_THAT(arrivals_s(played(spec)), ElementsAre(5, 15, 25));
  spec.config.trace.from = std::chrono::hours(1);
  EXPECT_THROW((void)make_trace_source(spec), base::InputError);
}

// [from, from + length): a row at the end belongs to the next cut.
TEST(TraceSource, ARowAtTheEndOfACutIsBehindIt) {
  const test::TemporaryFile file(chats(6));
  TraceSourceSpec spec = spec_of(file.path());
  spec.config.trace.from = std::chrono::seconds(100);
  spec.config.trace.length = std::chrono::seconds(200);
  EXPECT_THAT(arrivals_s(played(spec)), ElementsAre(0, 100));  // those of 100, 200 s
  const auto rows = make_trace_source(spec)->rows(kNever);
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(rows->before_window, 1);
  EXPECT_EQ(rows->after_window, 5);  // nothing has been played yet
  spec.config.trace.repeat = true;   // where one round ends the next begins
  spec.duration = std::chrono::seconds(400);
  EXPECT_THAT(arrivals_s(played(spec)), ElementsAre(0, 100, 200, 300));
}

TEST(TraceSource, WhatIsBeforeTheCutWarmsTheStore) {
  const test::TemporaryFile file(chats(4));
  TraceSourceSpec spec = spec_of(file.path());
  spec.config.trace.from = std::chrono::seconds(150);
  std::vector<double> times;
  const auto source = make_trace_source(spec);
  source->play_before([&](const workload::Request& request) {
    EXPECT_EQ(source->blocks_of(request.prefix.session_slot).size(), 2U);
    times.push_back(base::to_seconds(request.arrival));
  });
  EXPECT_EQ(source->take().id, base::RequestId(0));
  EXPECT_THAT(times, ElementsAre(-150, -50));
  spec.config.trace.warm_store = false;
  make_trace_source(spec)->play_before(
      [](const workload::Request&) { FAIL() << "the store is cold"; });
}

// The period is the span and a mean gap: 300 s here.
TEST(TraceSource, TilesFollowOneAnotherWithFreshIdentities) {
  const test::TemporaryFile file(chats(3));
  TraceSourceSpec spec = spec_of(file.path(), std::chrono::seconds(1000));
  spec.config.trace.repeat = true;
  const auto source = make_trace_source(spec);
  std::vector<double> times;
  std::set<workload::BlockId> common, all;
  while (source->next_arrival()) {
    const workload::Request request = source->take();
    times.push_back(base::to_seconds(request.arrival));
    const auto blocks = source->blocks_of(request.prefix.session_slot);
    common.insert(blocks[0]);
    all.insert(blocks.begin(), blocks.end());
    source->complete(request, request.arrival);
  }
  EXPECT_THAT(times, ElementsAre(0, 100, 200, 300, 400, 500, 600, 700, 800, 900));
  EXPECT_EQ(common.size(), 4U);  // one a tile
  EXPECT_EQ(all.size(), 10U + 4U);
}

TEST(TraceSource, CopiesAreStaggeredAndShareNothing) {
  const test::TemporaryFile file(chats(4));
  TraceSourceSpec spec = spec_of(file.path());
  spec.config.rate_scale = 2.0;
  const auto source = make_trace_source(spec);
  std::vector<double> times;
  std::map<workload::BlockId, int> common;
  while (source->next_arrival()) {
    const workload::Request request = source->take();
    times.push_back(base::to_seconds(request.arrival));
    ++common[source->blocks_of(request.prefix.session_slot)[0]];
  }
  EXPECT_THAT(times, ElementsAre(0, 0, 100, 100, 200, 200, 300, 300));
  EXPECT_EQ(common.size(), 3U);  // the second copy's begin and end are two rounds of its own
}

TEST(TraceSource, AFractionOfACopyPlaysThatShareOfTheConversations) {
  const test::TemporaryFile file(chats(4000));
  TraceSourceSpec spec = spec_of(file.path(), std::chrono::hours(24 * 20));
  spec.config.rate_scale = 0.25;
  const auto requests = static_cast<double>(played(spec).size());
  EXPECT_NEAR(requests, 1000.0, 4.0 * std::sqrt(4000.0 * 0.25 * 0.75));
}

// Requests of hour h = round(rate x integral to its end) - the same to its begin: exact.
TEST(TraceSource, AnHourlyShapeIsMetToTheRequest) {
  std::string trace = "arrival_s,input_tokens,output_tokens\n";
  for (int i = 0; i < 977; ++i) {
    trace += fmt::format("{},{},5\n", 3.0 * i * i / 977.0, 100 + i);  // its own rate falls
  }
  std::string shape = "theoretical_income_usd\n";
  for (int hour = 0; hour < 24; ++hour) {
    shape += fmt::format("{}\n", 1.0 + std::abs(12 - hour) * 0.25);
  }
  const test::TemporaryFile file(trace), weights(shape);
  TraceSourceSpec spec = spec_of(file.path(), std::chrono::hours(24));
  spec.config.hourly_shape = weights.path();
  spec.config.trace.rate = 0.7;
  const std::vector<workload::Request> requests = played(spec);
  EXPECT_EQ(requests.size(), 60'480U);  // 0.7 x 86,400
  std::array<std::int64_t, 24> by_hour{};
  base::TimePoint latest = kStart;
  for (const workload::Request& request : requests) {
    EXPECT_GE(request.arrival, latest);
    latest = request.arrival;
    ++by_hour[static_cast<std::size_t>((request.arrival - kStart) / std::chrono::hours(1))];
  }
  const workload::DayCurve curve(workload::read_hourly_shape(weights.path()));
  std::int64_t before = 0;
  for (int hour = 0; hour < 24; ++hour) {
    const auto until =
        static_cast<std::int64_t>(std::floor(0.7 * curve.integral(0.0, 3600.0 * (hour + 1)) + 0.5));
    EXPECT_EQ(by_hour[static_cast<std::size_t>(hour)], until - before) << hour;
    before = until;
  }
}

// Within an hour of two straight pieces, times follow the shape: of evenly spaced requests, as many
// come before t as the shape's integral says.
TEST(TraceSource, TimesWithinAnHourFollowTheShape) {
  std::string shape = "theoretical_income_usd\n";
  for (int hour = 0; hour < 24; ++hour) {
    shape += hour % 2 == 0 ? "1\n" : "3\n";
  }
  const test::TemporaryFile file(chats(50)), weights(shape);
  TraceSourceSpec spec = spec_of(file.path(), std::chrono::hours(4));
  spec.config.hourly_shape = weights.path();
  spec.config.trace.rate = 0.01;
  const workload::DayCurve curve(workload::read_hourly_shape(weights.path()));
  std::int64_t count = 0;
  for (const workload::Request& request : played(spec)) {
    const double expected = 0.01 * curve.integral(0.0, base::to_seconds(request.arrival));
    EXPECT_NEAR(static_cast<double>(count++), expected, 2.5);  // half a gap of the trace
  }
  EXPECT_EQ(count, static_cast<std::int64_t>(0.01 * curve.integral(0.0, 4 * 3600.0) + 0.5));
}

TEST(TraceSource, LengthsBeyondTheLimitsAreCutAndCounted) {
  const test::TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,variant\n"
      "0,100,50,v3\n1,100,9000,v3\n2,100,9000,r1\n3,60000,8000,v3\n4,65536,10,v3\n5,0,0,v3\n");
  const auto source = make_trace_source(spec_of(file.path()));
  const std::vector<workload::Request> requests = test::drive(*source, kService, kNever);
  ASSERT_EQ(requests.size(), 6U);
  EXPECT_EQ(requests[0].output_tokens, 50);
  EXPECT_EQ(requests[1].output_tokens, 8192);
  EXPECT_EQ(requests[2].output_tokens, 9000);
  EXPECT_EQ(requests[3].output_tokens, 5536);
  EXPECT_EQ(requests[4].prompt_tokens, 65536);  // for the service to reject
  EXPECT_EQ(requests[5].prompt_tokens, 1);
  EXPECT_EQ(requests[5].output_tokens, 1);
  const auto notes = source->notes();
  ASSERT_EQ(notes.size(), 5U);  // the trace ends early, too
  EXPECT_THAT(notes[0], HasSubstr("1 prompts of the trace fill the context limit"));
  EXPECT_THAT(notes[1], HasSubstr("2 answers of the trace were cut"));
  EXPECT_THAT(notes[1], HasSubstr("by 3272 tokens"));
}

TEST(TraceSource, ASessionThatBeganBeforeTheCutGoesOnInIt) {
  const test::TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,session,session_tokens,last_turn\n"
      "0,100,10,77,0,0\n10,50,10,78,0,1\n20,200,10,77,100,0\n");
  TraceSourceSpec spec = spec_of(file.path());
  spec.config.trace.from = std::chrono::seconds(15);
  const auto source = make_trace_source(spec);
  std::vector<workload::Request> before;
  source->play_before([&](const workload::Request& request) { before.push_back(request); });
  ASSERT_EQ(before.size(), 2U);
  const workload::Request request = source->take();
  EXPECT_EQ(request.prefix.session_slot, before[0].prefix.session_slot);
  EXPECT_FALSE(request.prefix.first_turn);
  EXPECT_EQ(request.prefix.session_tokens, 100);
}

TEST(TraceSource, SessionsKeepTheirSlotFromTurnToTurn) {
  const test::TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,session,turn,session_tokens,shared_prefix,"
      "shared_tokens,last_turn\n"
      "0,100,10,77,0,0,5,32,0\n10,50,10,78,0,0,9,16,1\n20,200,10,77,1,100,5,32,0\n"
      "30,40,10,79,0,30,5,32,1\n40,300,10,77,2,200,5,32,1\n");
  const auto source = make_trace_source(spec_of(file.path()));
  const auto r = test::drive(*source, kService, kNever);
  ASSERT_EQ(r.size(), 5U);
  EXPECT_EQ(source->shared_prefixes(), 2U);
  EXPECT_TRUE(r[0].prefix.first_turn && r[0].prefix.returns);
  EXPECT_FALSE(r[2].prefix.first_turn);
  EXPECT_EQ(r[2].prefix.session_slot, r[0].prefix.session_slot);
  EXPECT_EQ(r[2].prefix.session_tokens, 100);
  EXPECT_EQ(r[3].prefix.session_tokens, 30);  // of turns before the trace, which are in the store
  EXPECT_EQ(r[3].prefix.shared_id, r[0].prefix.shared_id);
  EXPECT_NE(r[1].prefix.shared_id, r[0].prefix.shared_id);
  EXPECT_FALSE(r[4].prefix.returns);
}

// A trace made of a warm scenario was replayed cold: TTFT was 306 s instead of 3.
TEST(TraceSource, WhatSessionsHadBeforeTheTraceIsInTheStore) {
  const test::TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,session,session_tokens,last_turn\n"
      "0,100,10,77,64,0\n10,50,10,78,0,1\n20,200,10,77,100,0\n30,90,10,79,50,1\n");
  TraceSourceSpec spec = spec_of(file.path());
  const auto source = make_trace_source(spec);
  ASSERT_EQ(source->warm_extents().size(), 2U);
  EXPECT_EQ(source->warm_extents()[0].tokens, 64);
  EXPECT_EQ(source->warm_extents()[1].tokens, 50);
  const workload::Request first = source->take();
  EXPECT_EQ(first.prefix.session_slot, source->warm_extents()[0].session_slot);
  EXPECT_EQ(first.prefix.session_tokens, 64);
  EXPECT_FALSE(first.prefix.first_turn);
  EXPECT_THAT(source->notes()[0], HasSubstr("2 sessions began before the trace"));
  spec.config.trace.warm_store = false;
  const auto cold = make_trace_source(spec);
  EXPECT_TRUE(cold->warm_extents().empty());
  EXPECT_EQ(cold->take().prefix.session_tokens, 0);
}

// A trace with both lost its blocks, and nothing was found again.
TEST(TraceSource, BlocksCountWhereATraceHasSessionsToo) {
  const test::TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,session,session_tokens,block_ids_64\n"
      "0,128,10,77,0,a b\n");
  const auto source = make_trace_source(spec_of(file.path()));
  EXPECT_THAT(source->blocks_of(source->take().prefix.session_slot), ElementsAre(0xa, 0xb));
}

TEST(TraceSource, TheWindowIsTheTracesOwn) {
  const test::TemporaryFile file(chats(4)), moment(chats(1));
  workload::WorkloadConfig config = spec_of(file.path()).config;
  EXPECT_EQ(window_of_trace(config, 1), std::chrono::seconds(400));  // the last one's gap is in it
  config.warm_up = std::chrono::seconds(150);
  EXPECT_EQ(window_of_trace(config, 1), std::chrono::seconds(250));
  config.trace.length = std::chrono::seconds(200);
  config.trace.stretch = std::chrono::seconds(350);
  EXPECT_EQ(window_of_trace(config, 1), std::chrono::seconds(200));
  config.warm_up = std::chrono::hours(1);
  EXPECT_THROW((void)window_of_trace(config, 1), base::InputError);
  config.trace.repeat = true;
  EXPECT_FALSE(window_of_trace(config, 1));
  EXPECT_FALSE(window_of_trace(spec_of(moment.path()).config, 1));
}

TEST(TraceSource, ATraceThatEndsBeforeTheWindowIsSaid) {
  const test::TemporaryFile file(chats(4));
  EXPECT_THAT(make_trace_source(spec_of(file.path()))->notes(),
              ElementsAre(HasSubstr("ends 3200 s before the window of 3600 s")));
  EXPECT_TRUE(make_trace_source(spec_of(file.path(), std::chrono::seconds(400)))->notes().empty());
}

// Two rows 285 years apart: their period did not fit, and a window as long would never end.
TEST(TraceSource, ATraceOfCenturiesIsRefused) {
  const auto trace = [](const char* seconds) {
    return fmt::format("arrival_s,input_tokens,output_tokens\n0,5,5\n{},5,5\n", seconds);
  };
  const test::TemporaryFile centuries(trace("8999999999")), years(trace("90000000"));
  EXPECT_THROW((void)make_trace_source(spec_of(centuries.path())), base::InputError);
  EXPECT_THROW((void)window_of_trace(spec_of(years.path()).config, 1), base::InputError);
  EXPECT_EQ(played(spec_of(years.path())).size(), 1U);  // with a window that is stated
}

// One request repeated every millisecond would never end.
TEST(TraceSource, WhatHasNoLengthIsNotRepeated) {
  const test::TemporaryFile file(chats(1));
  TraceSourceSpec spec = spec_of(file.path());
  spec.config.trace.repeat = true;
  EXPECT_THROW((void)make_trace_source(spec), base::InputError);
  spec.config.trace.length = std::chrono::minutes(10);
  EXPECT_EQ(played(spec).size(), 6U);
}

// Session 1 has been answered and returns: nobody else gets its slot meanwhile.
TEST(TraceSource, ASessionThatReturnsKeepsItsSlot) {
  const test::TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,session,session_tokens,last_turn\n"
      "0,10,5,1,0,0\n10,10,5,2,0,1\n20,30,5,1,15,1\n30,10,5,3,0,1\n");
  const auto source = make_trace_source(spec_of(file.path()));
  std::vector<std::uint32_t> slots;
  for (int i = 0; i < 4; ++i) {
    const workload::Request request = source->take();
    slots.push_back(request.prefix.session_slot);
    source->complete(request, request.arrival + std::chrono::seconds(1));
  }
  EXPECT_NE(slots[1], slots[0]);
  EXPECT_EQ(slots[2], slots[0]);
  EXPECT_EQ(slots[3], slots[0]);  // the one that was freed last
}

}  // namespace
}  // namespace epfleet::traces
