#include "epfleet/serving/rebalance_pause.h"

#include <gtest/gtest.h>

#include "epfleet/serving/decode_unit.h"

namespace epfleet::serving {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::TimePoint at(base::Duration since) { return base::kWindowStart + since; }

TEST(RebalancePause, NeverByDefault) {
  RebalancePause never;
  EXPECT_EQ(never.stretched(at(std::chrono::hours(1000)), seconds(1)), seconds(1));
}

// Steps of 1 s without a gap, due at 2.5 s and every 10 s, 0.3 s each: the step that starts at 3 s
// waits, and the one that starts first after 12.5 s.
TEST(RebalancePause, ABusyUnitPaysOnceAtTheNextStep) {
  RebalancePause pause(at(milliseconds(2500)), seconds(10), milliseconds(300));
  base::Duration now{};
  std::vector<base::Duration> late;
  for (int step = 0; step < 15; ++step) {
    const base::Duration took = pause.stretched(at(now), seconds(1));
    if (took != seconds(1)) {
      EXPECT_EQ(took, milliseconds(1300));
      late.push_back(now);
    }
    now += took;
  }
  EXPECT_EQ(late, (std::vector<base::Duration>{seconds(3), milliseconds(13'300)}));
}

// Idle from 1 s on: at 2.6 s 0.2 s of the rebalance are left; at 50 s those of 42.5 s and before
// are long over, and the next one is due at 52.5 s.
TEST(RebalancePause, AnIdleUnitWaitsOnlyForWhatIsLeft) {
  RebalancePause pause(at(milliseconds(2500)), seconds(10), milliseconds(300));
  EXPECT_EQ(pause.stretched(at(base::Duration{}), seconds(1)), seconds(1));
  EXPECT_EQ(pause.stretched(at(milliseconds(2600)), seconds(1)), milliseconds(1200));
  EXPECT_EQ(pause.stretched(at(seconds(50)), seconds(1)), seconds(1));
  EXPECT_EQ(pause.stretched(at(seconds(51)), seconds(2)), seconds(2));
  EXPECT_EQ(pause.stretched(at(seconds(53)), seconds(1)), milliseconds(1300));
}

// Two units with the same four requests: the price of a step depends on its load alone, so the one
// that rebalances takes longer by its pauses, to the nanosecond.
TEST(RebalancePause, ADecodeUnitIsLaterByItsPauses) {
  model::DecodeLayout layout;
  layout.gpus = 16;
  layout.redundant_experts = 0;
  const timing::DecodePricer pricer({{}, {}, layout, {}});
  const auto end_with = [&](const RebalancePause& pause) {
    RequestPool pool;
    DecodeUnit unit(base::UnitId(0),
                    {.gpus = 16,
                     .max_requests_per_gpu = 8,
                     .kv_capacity_tokens = 100'000,
                     .longest_stay_steps = 4'000,
                     .rebalance = pause},
                    pricer, pool);
    for (std::uint32_t i = 0; i < 4; ++i) {
      workload::Request request;
      request.id = base::RequestId(i);
      request.prompt_tokens = 3'000;
      request.output_tokens = 1'001;
      const RequestSlot slot = pool.add(request);
      pool[slot].rate = base::TokenParts32::from_tokens(1);
      unit.place(slot, i, base::TimePoint{});
    }
    base::TimePoint now{};
    std::vector<RequestSlot> finished, preempted;
    while (const auto step = unit.start_step(now)) {
      now += *step;
      unit.finish_step(now, finished, preempted);
    }
    EXPECT_EQ(finished.size(), 4U);
    return now.time_since_epoch();
  };
  const base::Duration without = end_with({});
  // Due after 1/8, 3/8, 5/8 and 7/8 of the time; four pauses of a millisecond move none of them
  // across the end.
  const RebalancePause four(base::TimePoint{} + without / 8, without / 4, milliseconds(1));
  EXPECT_EQ(end_with(four), without + 4 * milliseconds(1));
}

}  // namespace
}  // namespace epfleet::serving
