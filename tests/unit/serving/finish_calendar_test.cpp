// Equation: what the calendar gives at a step is what a plain list of (step, slot) holds for it, in
// the order in which they were added.
#include "epfleet/serving/finish_calendar.h"

#include <gtest/gtest.h>

#include <map>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::serving {
namespace {

TEST(FinishCalendar, GivesWhatAPlainListHolds) {
  constexpr std::int64_t kLongest = 4200;  // just over 32 spans, a ring that is not long enough
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    base::Stream draw(base::StreamFamily(seed, "test"), 0);
    FinishCalendar calendar(kLongest);
    std::map<std::uint32_t, std::vector<RequestSlot>> plain;
    RequestSlot next = 0;
    for (std::uint32_t step = 0; step < 4 * kLongest; ++step) {
      for (std::uint64_t joins = draw.bits() % 4; joins > 0; --joins) {
        const bool brief = draw.bits() % 2 == 0;
        const auto stay = static_cast<std::uint32_t>(draw.bits() % (brief ? 5 : kLongest));
        calendar.add(step + stay, {.slot = next, .gpu = 0});
        plain[step + stay].push_back(next++);
      }
      if (draw.bits() % 3 == 0 && !plain.empty()) {  // one is preempted
        auto& [at, slots] =
            *std::next(plain.begin(), static_cast<std::ptrdiff_t>(draw.bits() % plain.size()));
        if (!slots.empty()) {
          calendar.remove(at, slots.front());
          slots.erase(slots.begin());
        }
      }
      FinishCalendar::List& taken = calendar.take(step);
      std::vector<RequestSlot> finished;
      for (const FinishCalendar::Finisher& finisher : taken) {
        finished.push_back(finisher.slot);
      }
      taken.clear();
      ASSERT_EQ(finished, plain[step]) << "step " << step;
      plain.erase(step);
    }
  }
}

// Else a unit that has been busy for half an hour holds memory for every span of that time: 100 MB
// in the published day.
TEST(FinishCalendar, MemoryIsOfThoseWhoAreThereNotOfThoseWhoWere) {
  constexpr std::uint32_t kLongest = 20'000, kJoinsPerStep = 20, kStay = 300;
  FinishCalendar calendar(kLongest);
  for (std::uint32_t step = 0; step < kLongest; ++step) {
    for (std::uint32_t join = 0; join < kJoinsPerStep; ++join) {
      calendar.add(step + kStay, {.slot = join, .gpu = 0});
    }
    calendar.take(step).clear();
  }
  // Lists grow twofold, and those of single steps keep what they have.
  EXPECT_LE(calendar.room(), 4 * kStay * kJoinsPerStep);
}

TEST(FinishCalendar, RemovingWhatIsNotThereIsABug) {
  FinishCalendar calendar(1000);
  calendar.add(5, {.slot = 1, .gpu = 0});
  EXPECT_THROW(calendar.remove(5, 2), base::InvariantBroken);
  EXPECT_THROW(calendar.remove(500, 1), base::InvariantBroken);
  calendar.clear();
  EXPECT_TRUE(calendar.take(5).empty());
}

}  // namespace
}  // namespace epfleet::serving
