// Prompts of many steps: alone they are not cut small, among others nobody waits longer for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "epfleet/policy/registry.h"
#include "epfleet/serving/prefill_unit.h"
#include "epfleet/serving/step_budget.h"

namespace epfleet::serving {
namespace {

using base::TimePoint;

constexpr std::int32_t kTokens = 16'384;

struct Alone {
  double seconds = 0.0;
  int steps = 0;
};

// A unit of the published layout, and what a prompt takes on it.
class LongPrompt : public testing::Test {
 protected:
  void enqueue(std::int32_t tokens) {
    workload::Request request;
    request.prompt_tokens = tokens;
    unit.enqueue(pool.add(request));
  }
  // The length of the next step, and how many prompts got their first token.
  double step(std::size_t* finished = nullptr) {
    const auto duration = unit.start_step(now);
    EXPECT_TRUE(duration.has_value());
    now += *duration;
    std::vector<RequestSlot> done;
    unit.finish_step(now, done);
    if (finished != nullptr) {
      *finished = done.size();
    }
    return base::to_seconds(*duration);
  }
  Alone serve_alone(std::int32_t tokens) {
    enqueue(tokens);
    Alone taken;
    std::size_t finished = 0;
    while (finished == 0) {
      taken.seconds += step(&finished);
      ++taken.steps;
    }
    return taken;
  }

  timing::PrefillPricer pricer{timing::PrefillLayer({}, {}, {}, {})};
  std::unique_ptr<policy::PrefillRule> rule = policy::prefill_gpu_rules()["joint"](1);
  RequestPool pool;
  PrefillUnit unit{base::UnitId(0),
                   {32, kTokens, standard_work_budget_s(pricer.work(), kTokens), 64, 100'000'000,
                    Placement::Step},
                   pricer,
                   *rule,
                   pool};
  TimePoint now{};
};

// It took 310 s in 302 chunks, most of them making the prefix's keys again.
TEST_F(LongPrompt, AloneOnAnIdleUnitTakesWholeTokenBudgets) {
  const Alone taken = serve_alone(127'085);
  EXPECT_EQ(taken.steps, 8);  // 127,085 / 16,384, rounded up
  EXPECT_LT(taken.seconds, 90.0);
}

// Twice the tokens: attention four times, everything else twice.
TEST_F(LongPrompt, TwiceAsLongAloneTakesNotMuchMoreThanFourTimes) {
  const double half = serve_alone(63'543).seconds;
  now += std::chrono::hours(1);
  const double whole = serve_alone(127'085).seconds;
  EXPECT_GT(whole, 3.0 * half);
  EXPECT_LT(whole, 4.2 * half);
}

// The more come meanwhile, the shorter its steps: down to the usual ones.
TEST_F(LongPrompt, StepsShrinkWithThoseWhoComeMeanwhile) {
  std::vector<double> longest_step;
  for (const int others : {0, 1, 3, 10, 100}) {  // of the last ten seconds
    PrefillUnit busy(base::UnitId(1), unit.limits(), pricer, *rule, pool);
    workload::Request request;
    request.prompt_tokens = 127'085;
    busy.enqueue(pool.add(request));
    request.prompt_tokens = 64;
    for (int i = 0; i < others; ++i) {
      busy.enqueue(pool.add(request));
    }
    double longest = 0.0;
    TimePoint at = now;
    for (int step = 0; step < 12 && !busy.empty(); ++step) {
      const auto duration = busy.start_step(at);
      longest = std::max(longest, base::to_seconds(*duration));
      at += *duration;
      std::vector<RequestSlot> done;
      busy.finish_step(at, done);
    }
    if (!longest_step.empty()) {  // the others' own tokens take a little
      EXPECT_LT(longest, 1.02 * longest_step.back()) << others;
    }
    longest_step.push_back(longest);
  }
  EXPECT_GT(longest_step[0], 5.0 * longest_step[2]);
  EXPECT_LT(longest_step.back(), 1.7);  // as long as the usual budget of work takes one GPU
}

// While it takes longer than usual anyway, the other GPUs may take as much.
TEST_F(LongPrompt, OthersMayUseTheTimeThatItTakes) {
  enqueue(127'085);
  for (int step_number = 0; step_number < 3; ++step_number) {
    step();
  }
  for (int i = 0; i < 2; ++i) {
    enqueue(12'000);  // more than a usual step of work
  }
  std::size_t finished = 0;
  step(&finished);
  EXPECT_EQ(finished, 2U);
}

// Little waits: a prompt of two thirds of a usual budget is cut, or the others would wait for it.
TEST_F(LongPrompt, WhereLittleWaitsNobodyWaitsForTheLongest) {
  for (int i = 0; i < 64; ++i) {  // a minute of one prompt a second before it
    enqueue(64);
    step();
    now += std::chrono::seconds(1);
  }
  enqueue(10'000);
  for (int i = 0; i < 20; ++i) {
    enqueue(64);
  }
  std::size_t finished = 0;
  EXPECT_LT(step(&finished), 0.5);  // 1.4 s with all of it
  EXPECT_EQ(finished, 20U);
}

TEST(UsualWork, IsTheBudgetUnderLoadAndTwiceTheMeanBelow) {
  EXPECT_EQ(usual_work_s(0.9, 0.5, 0.02), 0.9);
  EXPECT_EQ(usual_work_s(0.9, 0.3, 0.02), 0.6);
  EXPECT_EQ(usual_work_s(0.9, 0.0, 0.02), 0.04);
}

TEST(LongChunkWork, IsTheLeastOfAllWaiting) {
  const double usual = 0.9;
  for (const double fixed : {0.02, 0.3, 0.8, 1.5}) {
    for (const double others : {0.01, 0.1, 1.0, 10.0}) {
      const auto all_waiting = [&](double t) {
        return t / (t - fixed) * (1.0 + 2.0 * others * (t - usual));
      };
      const double best = long_chunk_work_s(fixed, usual, others);
      ASSERT_GE(best, usual);
      for (double t = std::max(usual, 1.01 * fixed); t < 100.0; t *= 1.01) {
        EXPECT_GE(all_waiting(t), all_waiting(best) * (1.0 - 1e-9)) << fixed << ' ' << others;
      }
    }
  }
  EXPECT_GT(long_chunk_work_s(0.02, usual, 0.0), 1'000.0);
  EXPECT_EQ(long_chunk_work_s(0.8, usual, 1e6), usual);
}

TEST(RecentArrivals, CountsThePresentMinuteAndTheOneBefore) {
  RecentArrivals arrivals;
  TimePoint now{};
  arrivals.count();
  arrivals.roll(now);
  EXPECT_EQ(arrivals.others_per_second(now), 0.0) << "nobody but the one that asks";
  for (int second = 1; second <= 300; ++second) {
    now += std::chrono::seconds(1);
    arrivals.count();
    arrivals.count();
    arrivals.roll(now);
  }
  EXPECT_NEAR(arrivals.others_per_second(now), 2.0, 0.05);
  now += std::chrono::hours(1);  // long since
  arrivals.count();
  arrivals.roll(now);
  EXPECT_LT(arrivals.others_per_second(now), 0.05);
}

// Twice what waits per GPU, twice what a step costs anyhow, at most the budget.
TEST(StepBudget, TheUsualWorkIsTwiceTheMeanOrTwiceTheFixed) {
  EXPECT_DOUBLE_EQ(usual_work_s(10.0, 2.0, 1.0), 4.0);
  EXPECT_DOUBLE_EQ(usual_work_s(10.0, 0.1, 1.0), 2.0);
  EXPECT_DOUBLE_EQ(usual_work_s(3.0, 2.0, 1.0), 3.0);
}

}  // namespace
}  // namespace epfleet::serving
