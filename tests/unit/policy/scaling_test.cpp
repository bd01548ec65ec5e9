// Scaling rules on worked cases, in groups: what is allotted and what serves at every time at
// which the rule wants to be asked.
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/policy/registry.h"

namespace epfleet::policy {
namespace {

using base::TimePoint;
using std::chrono::hours;
using std::chrono::seconds;
using Decision = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // s, allotted, serving

TimePoint at(base::Duration offset) { return base::kWindowStart + offset; }

std::vector<Decision> decisions(const ScalingConfig& config, std::int64_t groups, TimePoint start,
                                TimePoint end) {
  const auto rule = scaling_rules()[config.policy]({config, {1, 0}, {2, 1}, groups, start, end});
  std::vector<Decision> all;
  for (TimePoint now = start; now < end;) {
    const Target target = rule->decide({}, now);
    EXPECT_EQ(most(target.serving, target.allotted), target.allotted);
    EXPECT_EQ(most(target.allotted, rule->most_units()), rule->most_units());
    EXPECT_EQ(target.allotted.prefill_units, 1 + 2 * target.allotted.decode_units);
    EXPECT_EQ(target.serving.prefill_units, 1 + 2 * target.serving.decode_units);
    EXPECT_GT(target.next, now);
    all.emplace_back(std::chrono::duration_cast<seconds>(now - base::kWindowStart).count(),
                     target.allotted.decode_units, target.serving.decode_units);
    now = target.next;
  }
  return all;
}

TEST(ScalingRules, FixedIsAskedOnce) {
  const ScalingConfig config;
  EXPECT_EQ(decisions(config, 3, at(seconds(-60)), at(hours(9))),
            (std::vector<Decision>{{-60, 3, 3}}));
}

TEST(ScalingRules, AScheduleDrainsAheadOfADownStep) {
  ScalingConfig config;
  config.policy = "schedule";
  config.schedule = {{seconds(100), false, 4}, {seconds(200), false, 1}, {seconds(300), false, 1}};
  EXPECT_EQ(decisions(config, 2, at({}), at(hours(1))),
            (std::vector<Decision>{{0, 2, 2}, {100, 4, 4}, {185, 4, 1}, {200, 1, 1}}));
}

// Down to 2 at 100, to 1 at 105 and up to 3 at 110, with 15 s of lead.
TEST(ScalingRules, StepsCloserThanTheLeadTakeNothingBack) {
  ScalingConfig config;
  config.policy = "schedule";
  config.schedule = {{seconds(100), false, 2}, {seconds(105), false, 1}, {seconds(110), false, 3}};
  EXPECT_EQ(decisions(config, 3, at({}), at(hours(1))),
            (std::vector<Decision>{
                {0, 3, 3}, {85, 3, 2}, {90, 3, 1}, {100, 2, 1}, {105, 1, 1}, {110, 3, 3}}));
}

// In the warm-up, the last step of the day before is in force.
TEST(ScalingRules, DailyStepsRepeatInBothDirections) {
  ScalingConfig config;
  config.policy = "schedule";
  config.schedule = {{hours(6), true, 2}, {hours(18), true, 5}};
  EXPECT_EQ(decisions(config, 9, at(seconds(-60)), at(hours(31))),
            (std::vector<Decision>{{-60, 5, 5},
                                   {6 * 3600 - 15, 5, 2},
                                   {6 * 3600, 2, 2},
                                   {18 * 3600, 5, 5},
                                   {30 * 3600 - 15, 5, 2},
                                   {30 * 3600, 2, 2}}));
}

TEST(ScalingRules, AWrongNameListsTheChoices) {
  try {
    (void)scaling_rules()["shedule"];
    FAIL();
  } catch (const base::InputError& error) {
    EXPECT_EQ(error.problems().front().key, "scaling.policy");
    EXPECT_NE(error.problems().front().remedy.find("fixed, schedule"), std::string::npos);
  }
}

}  // namespace
}  // namespace epfleet::policy
