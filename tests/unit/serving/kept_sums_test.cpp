// A unit's kept sums are made anew from its requests: a request that changes behind its unit's back
// is a sum that is wrong.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "epfleet/policy/registry.h"
#include "epfleet/serving/decode_unit.h"
#include "epfleet/serving/prefill_unit.h"
#include "epfleet/serving/step_budget.h"

namespace epfleet::serving {
namespace {

using base::TimePoint;
using base::TokenParts32;

template <class Sums>
std::string difference_of(const Sums& sums) {
  base::SumCheck check;
  sums.check_sums(check);
  return check.difference().value_or("none");
}

class DecodeSums : public testing::TestWithParam<Microbatch> {
 protected:
  static timing::DecodePricer pricer() {
    model::DecodeLayout layout;
    layout.gpus = 32;
    layout.redundant_experts = 0;
    return timing::DecodePricer({hardware::HardwareProfile{}, model::Model{}, layout, {}});
  }
  RequestSlot place(std::uint32_t gpu, TimePoint arrives = {}) {
    workload::Request request;
    request.id = base::RequestId(next_++);
    request.prompt_tokens = 1'000;
    request.output_tokens = 400;
    const RequestSlot slot = pool_.add(request);
    pool_[slot].rate = TokenParts32(400);  // 1.5625 tokens
    unit_.place(slot, gpu, arrives);
    return slot;
  }
  void step() {
    now_ += *unit_.start_step(now_);
    unit_.finish_step(now_, finished_, preempted_);
  }

  timing::DecodePricer pricer_ = pricer();
  RequestPool pool_;
  DecodeUnit unit_{base::UnitId(3),
                   {.gpus = 32,
                    .max_requests_per_gpu = 8,
                    .kv_capacity_tokens = 10'000,
                    .longest_stay_steps = 4'000,
                    .microbatch = GetParam()},
                   pricer_,
                   pool_};
  TimePoint now_{};
  std::uint64_t next_ = 0;
  std::vector<RequestSlot> finished_, preempted_;
};

INSTANTIATE_TEST_SUITE_P(EveryMicrobatch, DecodeSums,
                         testing::Values(Microbatch::Reform, Microbatch::Sticky));

// Steps beyond the first span of the finish calendar, with joins, one on its way, and leaving.
TEST_P(DecodeSums, AreRightAfterEveryStep) {
  const TimePoint never = TimePoint::max();
  for (int i = 0; i < 300; ++i) {
    if (i < 90) {
      place(static_cast<std::uint32_t>(i) % 31);
    }
    step();
    ASSERT_EQ(difference_of(unit_), "none") << i;
    ASSERT_EQ(difference_of(pool_), "none") << i;
    for (; !finished_.empty(); finished_.pop_back()) {
      pool_.remove(finished_.back());
    }
  }
  EXPECT_EQ(unit_.active_requests(), 45);  // 256 steps each: those of the first 45 are over
  unit_.remove(place(31, never));
  unit_.mask(31);
  EXPECT_EQ(difference_of(unit_), "none");
  std::vector<DecodeUnit::Leaving> leaving;
  unit_.evict_all(leaving);
  EXPECT_EQ(difference_of(unit_), "none");
}

TEST_P(DecodeSums, NameTheRequestThatTheFinishCalendarHasWrong) {
  const RequestSlot slot = place(7);
  step();
  pool_[slot].request.output_tokens = 800;
  EXPECT_EQ(difference_of(unit_),
            "decode unit 3, request 0: the step at which it ends is 255, made anew it is 511");
}

TEST_P(DecodeSums, NameTheGpuWhoseKvIsWrong) {
  const RequestSlot slot = place(7, TimePoint::max());
  pool_[slot].request.prompt_tokens += 5;
  EXPECT_EQ(difference_of(unit_),
            "decode unit 3, GPU 7: KV of the requests placed on it is 1000 tokens, made anew it is "
            "1005 tokens");
}

TEST_P(DecodeSums, NameTheGpuThatCountsARequestTooFew) {
  const RequestSlot slot = place(7, TimePoint::max());
  pool_[slot].decode_gpu = 8;
  EXPECT_EQ(difference_of(unit_),
            "decode unit 3, GPU 7: number of requests placed on it, and one is 2, made anew it is "
            "1");
}

TEST_P(DecodeSums, NameARequestThatIsNotWhereItsUnitHasIt) {
  const RequestSlot slot = place(7);
  step();
  pool_[slot].stage = Stage::AwaitingRoom;
  EXPECT_EQ(
      difference_of(unit_),
      "decode unit 3, request 0: does not hold: who is in the finish calendar decodes in this "
      "unit");
}

class PrefillSums : public testing::TestWithParam<Placement> {
 protected:
  RequestSlot enqueue(std::int32_t tokens, TimePoint ready = {}) {
    workload::Request request;
    request.id = base::RequestId(next_++);
    request.prompt_tokens = tokens;
    const RequestSlot slot = pool_.add(request);
    pool_[slot].kv_ready = ready;
    unit_.enqueue(slot);
    return slot;
  }

  static constexpr std::int32_t kTokens = 4'096;
  timing::PrefillPricer pricer_{timing::PrefillLayer({}, {}, {}, {})};
  std::unique_ptr<policy::PrefillRule> rule_ = policy::prefill_gpu_rules()["joint"](1);
  RequestPool pool_;
  PrefillUnit unit_{
      base::UnitId(5),
      {32, kTokens, standard_work_budget_s(pricer_.work(), kTokens), 64, 100'000'000, GetParam()},
      pricer_,
      *rule_,
      pool_};
  TimePoint now_{};
  std::uint64_t next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(EveryPlacement, PrefillSums,
                         testing::Values(Placement::Step, Placement::Arrival));

// Prompts of several chunks, steps that are given up, one that leaves the line, KV that is sent.
TEST_P(PrefillSums, AreRightAfterEveryStep) {
  for (int i = 0; i < 60; ++i) {
    const RequestSlot leaves = enqueue(500);
    enqueue(9'000 + 100 * i);
    enqueue(700, now_ + std::chrono::hours(1));
    unit_.remove(leaves);
    pool_.remove(leaves);
    ASSERT_EQ(difference_of(unit_), "none") << i;
    const auto duration = unit_.start_step(now_);
    ASSERT_TRUE(duration.has_value());
    ASSERT_EQ(difference_of(unit_), "none") << i;
    if (i % 3 == 2) {
      unit_.abort_step(now_);
    } else {
      now_ += *duration;
      std::vector<RequestSlot> done;
      unit_.finish_step(now_, done);
      for (const RequestSlot slot : done) {
        unit_.release_kv(pool_[slot].prefill_gpu, now_ + std::chrono::milliseconds(100),
                         pool_[slot].prefill_tokens());
        pool_.remove(slot);
      }
    }
    ASSERT_EQ(difference_of(unit_), "none") << i;
    ASSERT_EQ(difference_of(pool_), "none") << i;
  }
  std::vector<RequestSlot> evicted;
  unit_.evict_all(evicted);
  EXPECT_EQ(difference_of(unit_), "none");
}

TEST_P(PrefillSums, NameAPromptWhoseTokensAreWrong) {
  const RequestSlot slot = enqueue(500);
  pool_[slot].computed_to = 64;
  EXPECT_EQ(
      difference_of(unit_),
      "prefill unit 5, queue 0, request 0: tokens of a prompt in line is 500, made anew it is "
      "436");
}

TEST_P(PrefillSums, NameTheGpuThatHoldsKvThatNobodyHas) {
  enqueue(500);
  now_ += *unit_.start_step(now_);
  std::vector<RequestSlot> done;
  unit_.finish_step(now_, done);  // and nobody releases it
  EXPECT_EQ(difference_of(unit_),
            "prefill unit 5, GPU 0: KV tokens in its HBM is 500, made anew it is 0");
}

TEST_P(PrefillSums, NameTheLineThatPassesOverTooMany) {
  const RequestSlot slot = enqueue(500);
  pool_.take_ticket(slot);
  EXPECT_EQ(
      difference_of(unit_),
      "prefill unit 5, queue 0: number of entries whose prompts have left the line is 0, made "
      "anew it is 1");
}

TEST(StickyHalvesSums, NameTheHalf) {
  LiveRequest request;
  request.decode_gpu = 2;
  StickyHalves kept(4);
  const StickyHalves anew(4);
  kept.join(request, TokenParts32::from_tokens(9));
  base::SumCheck check;
  kept.check_sums(check, anew);
  EXPECT_EQ(check.difference(),
            "GPU 2, micro-batch 0: number of requests in it is 1, made anew it is 0");
}

TEST(FinishCalendarSums, NameAStepThatWasPassedOver) {
  FinishCalendar calendar(1'000);
  calendar.add(4, {.slot = 1, .gpu = 0});
  base::SumCheck in_time, too_late;
  calendar.check_sums(in_time, 4);
  calendar.check_sums(too_late, 5);
  EXPECT_EQ(in_time.difference(), std::nullopt);
  EXPECT_EQ(too_late.difference(), "does not hold: no step of the finish calendar was passed over");
}

}  // namespace
}  // namespace epfleet::serving
