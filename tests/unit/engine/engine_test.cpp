#include "epfleet/engine/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::engine {
namespace {

using base::Duration;
using base::TimePoint;

constexpr EventKind kKind{7};

TimePoint at_ns(std::int64_t ns) { return TimePoint(Duration(ns)); }

// Remembers what it was handed, and lets a test react.
struct Log : Handler {
  void handle(const Event& event) override {
    seen.push_back(event);
    if (react) {
      react(event);
    }
  }
  std::vector<Event> seen;
  std::function<void(const Event&)> react;
};

TEST(Engine, ExecutesByTimeThenPhaseThenOrderOfScheduling) {
  Engine engine(at_ns(0));
  Log log;
  engine.at(at_ns(5), Phase::Sample, kKind, 0);
  engine.at(at_ns(5), Phase::Completion, kKind, 1);
  engine.at(at_ns(3), Phase::Start, kKind, 2);
  engine.at(at_ns(5), Phase::Completion, kKind, 3);
  EXPECT_EQ(engine.run(log, at_ns(10)), RunEnd::Exhausted);
  std::vector<std::uint32_t> targets;
  for (const Event& event : log.seen) {
    targets.push_back(event.target);
  }
  EXPECT_EQ(targets, (std::vector<std::uint32_t>{2, 0, 1, 3}));
}

TEST(Engine, NothingIsExecutedAfterARunIsFinished) {
  Engine engine(at_ns(0));
  Log log;
  log.react = [&](const Event& event) {
    if (event.target == 1) {
      engine.finish();
      EXPECT_FALSE(engine.pass_to(at_ns(6), Phase::Arrival, kKind, 9));
    }
  };
  engine.at(at_ns(5), Phase::Completion, kKind, 1);
  engine.at(at_ns(5), Phase::Start, kKind, 2);
  engine.at(at_ns(7), Phase::Completion, kKind, 3);
  EXPECT_EQ(engine.run(log, at_ns(10)), RunEnd::Reached);
  EXPECT_EQ(log.seen.size(), 1U);
  EXPECT_EQ(engine.now(), at_ns(5));
  EXPECT_EQ(engine.left(), 2U);
}

TEST(Engine, RefusesThePastAndAnEarlierPhaseOfThePresent) {
  Engine engine(at_ns(0));
  Log log;
  log.react = [&](const Event&) {
    EXPECT_THROW(engine.at(at_ns(4), Phase::Sample, kKind, 0), base::InvariantBroken);
    EXPECT_THROW(engine.at(at_ns(5), Phase::Arrival, kKind, 0), base::InvariantBroken);
    EXPECT_NO_THROW(engine.at(at_ns(5), Phase::Start, kKind, 0));
    log.react = nullptr;
  };
  engine.at(at_ns(5), Phase::Start, kKind, 0);
  engine.run(log, at_ns(10));
  EXPECT_EQ(log.seen.size(), 2U);
}

TEST(Engine, RunsUpToTheGivenTimeAndTakesTheSampleAtIt) {
  Engine engine(at_ns(0));
  Log log;
  engine.at(at_ns(9), Phase::Start, kKind, 0);
  engine.at(at_ns(10), Phase::Sample, kKind, 1);
  engine.at(at_ns(10), Phase::Completion, kKind, 2);
  EXPECT_EQ(engine.run(log, at_ns(10)), RunEnd::Reached);
  EXPECT_EQ(log.seen.size(), 2U);
  EXPECT_EQ(engine.now(), at_ns(10));
  EXPECT_EQ(engine.left(), 1U);
}

TEST(Engine, ACancelledEventNeverMovesTheClock) {
  Engine engine(at_ns(0));
  Log log;
  const EventId late = engine.at(at_ns(9), Phase::Start, kKind, 0);
  engine.at(at_ns(2), Phase::Start, kKind, 1);
  engine.cancel(late);
  EXPECT_THROW(engine.cancel(late), base::InvariantBroken);
  EXPECT_EQ(engine.run(log, at_ns(20)), RunEnd::Exhausted);
  EXPECT_EQ(engine.now(), at_ns(2));
  EXPECT_EQ(log.seen.size(), 1U);
}

TEST(Engine, AnEventWhoseHandlerThrewIsNotExecutedAgain) {
  Engine engine(at_ns(0));
  Log log;
  log.react = [&](const Event& event) {
    if (event.target == 1) {
      throw std::runtime_error("broken");
    }
  };
  engine.at(at_ns(5), Phase::Completion, kKind, 1);
  engine.at(at_ns(7), Phase::Completion, kKind, 2);
  EXPECT_THROW(engine.run(log, at_ns(10)), std::runtime_error);
  EXPECT_EQ(engine.left(), 1);
  EXPECT_EQ(engine.run(log, at_ns(10)), RunEnd::Exhausted);
  ASSERT_EQ(log.seen.size(), 2U);
  EXPECT_EQ(log.seen.back().target, 2U);
}

TEST(Engine, StopsWhenAsked) {
  Engine engine(at_ns(0));
  Log log;
  std::atomic<bool> stop = true;
  engine.at(at_ns(1), Phase::Start, kKind, 0);
  EXPECT_EQ(engine.run(log, at_ns(5), &stop), RunEnd::Stopped);
  EXPECT_TRUE(log.seen.empty());
}

// scheduled = executed + cancelled + left, and keys strictly rise, against a sorted vector, over
// random schedules with events that schedule events.
TEST(Engine, AgreesWithASortedVectorOnRandomSchedules) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Engine engine(at_ns(0));
    base::Stream draw(base::StreamFamily(seed, "engine_test"), 0);
    using Key = std::tuple<std::int64_t, Phase, std::uint64_t>;
    std::vector<Key> expected;
    std::vector<EventId> ids;
    const auto add = [&](std::int64_t time, Phase phase) {
      const EventId id = engine.at(at_ns(time), phase, kKind, 0);
      ids.push_back(id);
      expected.emplace_back(time, phase, id.sequence);
    };
    for (int i = 0; i < 200; ++i) {
      add(static_cast<std::int64_t>(draw.bits() % 64), static_cast<Phase>(draw.bits() % 5));
    }
    for (int i = 0; i < 20; ++i) {
      const std::size_t victim = draw.bits() % ids.size();
      engine.cancel(ids[victim]);
      expected.erase(std::find_if(expected.begin(), expected.end(), [&](const Key& key) {
        return std::get<2>(key) == ids[victim].sequence;
      }));
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    Log log;
    log.react = [&](const Event& event) {
      if (draw.bits() % 4 == 0) {
        add(event.time.time_since_epoch().count() + 1 + static_cast<std::int64_t>(draw.bits() % 9),
            static_cast<Phase>(draw.bits() % 5));
      }
    };
    engine.run(log, at_ns(60));
    EXPECT_EQ(engine.scheduled(), engine.executed() + engine.cancelled() + engine.left());
    std::sort(expected.begin(), expected.end());
    ASSERT_GE(expected.size(), log.seen.size());
    for (std::size_t i = 0; i < log.seen.size(); ++i) {
      const Event& event = log.seen[i];
      ASSERT_EQ(expected[i],
                Key(event.time.time_since_epoch().count(), event.phase, event.sequence))
          << "seed " << seed << ", event " << i;
    }
  }
}

TEST(Engine, FingerprintTellsRunsApart) {
  const auto fingerprint = [](std::uint32_t target, std::int64_t time) {
    Engine engine(at_ns(0));
    Log log;
    engine.at(at_ns(time), Phase::Start, kKind, target);
    engine.run(log, at_ns(5));
    return engine.fingerprint();
  };
  EXPECT_EQ(fingerprint(1, 2), fingerprint(1, 2));
  EXPECT_NE(fingerprint(1, 2), fingerprint(2, 2));
  EXPECT_NE(fingerprint(1, 2), fingerprint(1, 3));
}

// Who looks changes nothing.
TEST(Engine, SamplesAreNotInTheFingerprint) {
  const auto fingerprint = [](bool with_sample) {
    Engine engine(at_ns(0));
    Log log;
    engine.at(at_ns(1), Phase::Start, kKind, 1);
    if (with_sample) {
      engine.at(at_ns(2), Phase::Sample, kKind, 1);
    }
    engine.at(at_ns(3), Phase::Start, kKind, 1);
    engine.run(log, at_ns(5));
    return engine.fingerprint();
  };
  EXPECT_EQ(fingerprint(true), fingerprint(false));
}

// A stream of events that passes by the queue where it can: the same events at the same times, the
// same fingerprint and counts as scheduling each.
TEST(Engine, PassingToAnEventIsLikeSchedulingIt) {
  const auto run = [](bool passes) {
    Engine engine(at_ns(0));
    Log log;
    base::Stream draw(base::StreamFamily(3, "test"), 0);
    constexpr std::uint32_t kStream = 99;
    std::vector<std::pair<std::int64_t, std::uint32_t>> executed;
    std::int64_t next = 1;
    const auto stream_event = [&] {
      executed.emplace_back(engine.now().time_since_epoch().count(), kStream);
      next += static_cast<std::int64_t>(draw.bits() % 4);
    };
    log.react = [&](const Event& event) {
      if (event.target != kStream) {
        executed.emplace_back(event.time.time_since_epoch().count(), event.target);
        engine.at(engine.now() + Duration(7 + event.target), event.phase, kKind, event.target);
        return;
      }
      stream_event();
      while (passes && engine.pass_to(at_ns(next), Phase::Arrival, kKind, kStream)) {
        stream_event();
      }
      engine.at(at_ns(next), Phase::Arrival, kKind, kStream);
    };
    engine.at(at_ns(0), Phase::Completion, kKind, 1);
    engine.at(at_ns(0), Phase::Arrival, kKind, 2);
    engine.at(at_ns(0), Phase::Sample, kKind, 3);
    engine.at(at_ns(1), Phase::Arrival, kKind, kStream);
    EXPECT_EQ(engine.run(log, at_ns(5000)), RunEnd::Reached);
    EXPECT_EQ(engine.scheduled(), engine.executed() + engine.cancelled() + engine.left());
    return std::tuple(executed, engine.fingerprint(), engine.executed(), log.seen.size());
  };
  const auto [scheduled, print, count, handled] = run(false);
  const auto [passed, print_passed, count_passed, handled_passed] = run(true);
  EXPECT_EQ(passed, scheduled);
  EXPECT_EQ(print_passed, print);
  EXPECT_EQ(count_passed, count);
  EXPECT_EQ(handled, count);
  EXPECT_LT(handled_passed, handled);  // some did pass
}

// Before every event, in the order in which they were given, also where one passes.
TEST(Engine, AllWhoTraceSeeEveryEventAndRightSums) {
  Engine engine(at_ns(0));
  Log log;
  std::vector<std::uint32_t> first, second;
  base::SumCheck check;
  engine.trace_to([&](const Event& event) {
    EXPECT_EQ(first.size(), second.size());
    first.push_back(event.target);
    engine.check_sums(check);
  });
  engine.trace_to([&](const Event& event) { second.push_back(event.target); });
  log.react = [&](const Event& event) {
    if (event.target == 1) {
      EXPECT_TRUE(engine.pass_to(at_ns(6), Phase::Arrival, kKind, 2));
    }
  };
  engine.at(at_ns(5), Phase::Arrival, kKind, 1);
  engine.cancel(engine.at(at_ns(7), Phase::Arrival, kKind, 3));
  engine.at(at_ns(8), Phase::Arrival, kKind, 4);
  EXPECT_EQ(engine.events_left().size(), 2U);
  EXPECT_EQ(engine.run(log, at_ns(10)), RunEnd::Exhausted);
  EXPECT_EQ(first, (std::vector<std::uint32_t>{1, 2, 4}));
  EXPECT_EQ(second, first);
  EXPECT_EQ(check.difference(), std::nullopt);
}

TEST(Engine, AMarkOfAnEventThatIsOverIsAWrongSum) {
  Engine engine(at_ns(0));
  Log log;
  const EventId over = engine.at(at_ns(5), Phase::Arrival, kKind, 1);
  engine.run(log, at_ns(6));
  engine.at(at_ns(8), Phase::Arrival, kKind, 2);
  engine.cancel(over);
  base::SumCheck check;
  engine.check_sums(check);
  EXPECT_EQ(check.difference(), "event queue: number of events left is 0, made anew it is 1");
}

TEST(Engine, NothingPassesToTheEndOfTheRun) {
  Engine engine(at_ns(0));
  Log log;
  log.react = [&](const Event&) {
    EXPECT_TRUE(engine.pass_to(at_ns(9), Phase::Arrival, kKind, 0));
    EXPECT_FALSE(engine.pass_to(at_ns(10), Phase::Arrival, kKind, 0));
  };
  engine.at(at_ns(5), Phase::Arrival, kKind, 0);
  EXPECT_EQ(engine.run(log, at_ns(10)), RunEnd::Exhausted);
  EXPECT_EQ(engine.executed(), 2U);
}

}  // namespace
}  // namespace epfleet::engine
