#include "epfleet/sessions/wake_calendar.h"

#include <gtest/gtest.h>

#include <functional>
#include <queue>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::sessions {
namespace {

using Entry = WakeCalendar::Entry;
using Heap = std::priority_queue<Entry, std::vector<Entry>, std::greater<>>;

// Think times from nanoseconds to weeks, so that every bucket level is crossed; ties are frequent.
base::Duration random_think(base::Stream& stream) {
  const double u = stream.uniform();
  if (u < 0.1) {
    return base::Duration(static_cast<std::int64_t>(stream.uniform() * 4.0));
  }
  return base::duration_from_seconds(base::real_pow(10.0, -6.0 + 12.0 * stream.uniform()));
}

// At every moment the calendar's earliest entry is the heap's, whatever is pushed when.
TEST(WakeCalendar, AgreesWithAHeapOnRandomData) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    base::Stream stream(base::StreamFamily(seed, "calendar"), 0);
    auto calendar = std::make_unique<WakeCalendar>();
    Heap heap;
    base::TimePoint now = base::kWindowStart - std::chrono::hours(2);
    std::uint32_t slot = 0;
    base::SumCheck check;
    for (int step = 0; step < 20000; ++step) {
      const double growing = step < 10000 ? 0.6 : 0.4;
      if (heap.empty() || stream.uniform() < growing) {
        const base::TimePoint time = now + random_think(stream);
        calendar->push(time, slot);
        heap.push({time, slot++});
      } else {
        ASSERT_EQ(calendar->next_time(), heap.top().time);
        if (stream.uniform() < 0.7) {  // sometimes look without taking
          const Entry entry = calendar->pop();
          ASSERT_EQ(entry, heap.top());
          now = entry.time;
          heap.pop();
        }
      }
      ASSERT_EQ(calendar->empty(), heap.empty());
      if (step % 500 == 0) {
        ASSERT_EQ(calendar->size(), heap.size());
        calendar->check_sums(check);
        ASSERT_EQ(check.difference(), std::nullopt);
      }
    }
  }
}

// Looking far ahead must not lose the place: an earlier wake-up may still be pushed.
TEST(WakeCalendar, AnEarlierEntryMayFollowALookAhead) {
  auto calendar = std::make_unique<WakeCalendar>();
  const auto at = [](double seconds) {
    return base::kWindowStart + base::duration_from_seconds(seconds);
  };
  calendar->push(at(1.0), 0);
  EXPECT_EQ(calendar->pop().slot, 0U);
  calendar->push(at(900.0), 1);
  EXPECT_EQ(calendar->next_time(), at(900.0));
  calendar->push(at(5.0), 2);
  EXPECT_EQ(calendar->next_time(), at(5.0));
  calendar->push(at(90000.0), 3);
  EXPECT_EQ(calendar->pop().slot, 2U);
  EXPECT_EQ(calendar->pop().slot, 1U);
  EXPECT_EQ(calendar->next_time(), at(90000.0));
  calendar->push(at(1000.0), 4);
  EXPECT_EQ(calendar->pop().slot, 4U);
  EXPECT_EQ(calendar->pop().slot, 3U);
}

TEST(WakeCalendar, RefusesThePast) {
  auto calendar = std::make_unique<WakeCalendar>();
  calendar->push(base::kWindowStart + std::chrono::hours(2), 0);
  (void)calendar->pop();
  EXPECT_THROW(calendar->push(base::kWindowStart, 1), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::sessions
