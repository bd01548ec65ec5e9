// The decode unit advances sums; here a reference advances every request, every step, token by
// token, with the same acceptance rule, and must agree exactly: who leaves at which step, KV and
// requests of every GPU, the price of every step, tokens emitted.
//     emitted(k) = min(n, floor(k * rate / 256))      n = output - 1 decode tokens
//     KV(k)      = 256 * prompt + k * rate            in 1/256 token
// What outgrows the HBM leaves, the youngest request first, and comes back; now and then all leave.
// With sticky micro-batches the reference tracks each request's half: the one with fewer requests
// when it joins (a tie: with less KV, then half 0). With static batches none joins a GPU with a
// batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>
#include <vector>

#include "decode_reference.h"
#include "epfleet/base/random.h"
#include "epfleet/serving/decode_unit.h"

namespace epfleet::serving {
namespace {

using base::Duration;
using base::TimePoint;

model::DecodeLayout small_layout() {
  model::DecodeLayout layout;
  layout.gpus = kGpus;
  layout.redundant_experts = 0;
  return layout;
}

base::TokenParts total(const DecodeUnit::EmittedByPayer& emitted) {
  base::TokenParts sum;
  for (const base::TokenParts tokens : emitted) {
    sum += tokens;
  }
  return sum;
}

struct Outcome {
  int finished = 0, preempted = 0;
  int largest_half = 0;
};

// A unit fed at random beside the reference.
class Comparison {
 public:
  Comparison(std::uint64_t seed, const DecodeUnitLimits& limits, const timing::DecodePricer& pricer)
      : draw_(base::StreamFamily(seed, "decode_reference"), 0),
        limits_(limits),
        pricer_(pricer),
        unit_(base::UnitId(0), limits, pricer, pool_) {}

  Outcome run() {
    for (int round = 0; round < 600 && !testing::Test::HasFailure(); ++round) {
      for (std::uint64_t i = draw_.bits() % 3; i > 0; --i) {
        arrive();
      }
      waiting_ = place_all(std::exchange(waiting_, {}));
      step();
      if (round % 200 == 199) {
        evict();
      }
    }
    return outcome_;
  }

 private:
  void arrive() {
    workload::Request request;
    request.id = base::RequestId(next_id_++);
    request.prompt_tokens = 1 + static_cast<std::int32_t>(draw_.bits() % 3'000);
    request.output_tokens = 2 + static_cast<std::int32_t>(draw_.bits() % 100);
    request.variant = static_cast<workload::Variant>(draw_.bits() % 2);
    const RequestSlot slot = pool_.add(request);
    pool_[slot].rate = base::TokenParts32::from_tokens(1) +
                       base::TokenParts32(static_cast<std::int32_t>(draw_.bits() % 257));
    reference_.outside[slot] = {request.id.value(), request.prompt_tokens, request.output_tokens,
                                pool_[slot].rate, 0};
    waiting_.push_back(slot);
  }
  // Each on a GPU at random; returns who found no room.
  std::vector<RequestSlot> place_all(const std::vector<RequestSlot>& slots) {
    std::vector<RequestSlot> without_room;
    for (const RequestSlot slot : slots) {
      DecodeReference::Member& member = reference_.outside.at(slot);
      member.gpu = static_cast<std::uint32_t>(draw_.bits() % kGpus);
      const policy::DecodeGpuView view = unit_.view();
      if (view.with_one_more[member.gpu] > static_cast<float>(view.request_limit) ||
          view.kv[member.gpu] + member.kv() > view.kv_limit) {
        without_room.push_back(slot);
        continue;
      }
      const TimePoint arrives =
          now_ + Duration(static_cast<std::int64_t>(draw_.bits() % 200'000'000));
      unit_.place(slot, member.gpu, arrives);
      on_the_way_.emplace_back(slot, arrives);
    }
    return without_room;
  }
  void step() {
    const PerGpu<std::int32_t> running = reference_.requests();
    std::erase_if(on_the_way_, [&](const auto& placed) {
      const bool open = limits_.batching == Batching::Continuous ||
                        running[reference_.outside.at(placed.first).gpu] == 0;
      const bool joins = placed.second <= now_ && open;
      if (joins) {
        reference_.join(placed.first);
      }
      return joins;
    });
    const auto duration = unit_.start_step(now_);
    ASSERT_EQ(duration.has_value(), !reference_.members.empty());
    if (!duration) {
      now_ += std::chrono::milliseconds(50);
      return;
    }
    expect_price(*duration);
    EXPECT_EQ(unit_.last_step().requests, static_cast<std::int64_t>(reference_.members.size()));
    if (draw_.bits() % 8 == 0) {  // given up half-way: no request has advanced
      now_ += *duration / 2;
      unit_.abort_step(now_);
      EXPECT_FALSE(unit_.stepping());
      EXPECT_EQ(unit_.active_requests(), static_cast<std::int64_t>(reference_.members.size()));
      EXPECT_EQ(total(unit_.emitted()), reference_.emitted());
      return;
    }
    now_ += *duration;
    std::vector<RequestSlot> finished;
    std::vector<RequestSlot> preempted;
    unit_.finish_step(now_, finished, preempted);
    std::sort(finished.begin(), finished.end());
    EXPECT_EQ(finished, reference_.step());
    EXPECT_EQ(preempted, reference_.preempt(unit_.view().kv_limit, promised()));
    EXPECT_EQ(total(unit_.emitted()), reference_.emitted());
    for (const RequestSlot slot : finished) {
      pool_.remove(slot);
    }
    waiting_.insert(waiting_.end(), preempted.begin(), preempted.end());
    outcome_.finished += static_cast<int>(finished.size());
    outcome_.preempted += static_cast<int>(preempted.size());
  }
  void expect_price(Duration duration) {
    if (!unit_.halves()) {
      EXPECT_EQ(duration, pricer_.price(reference_.requests(), reference_.kv()).duration);
      return;
    }
    const timing::UnitHalves halves = unit_.halves()->loads();
    std::array<PerGpu<std::int32_t>, 2> requests;
    std::array<PerGpu<base::TokenParts32>, 2> kv;
    for (std::size_t half = 0; half < 2; ++half) {
      requests[half] = reference_.requests(half);
      kv[half] = reference_.kv(half);
      EXPECT_TRUE(std::ranges::equal(halves[half].requests, requests[half]));
      EXPECT_TRUE(std::ranges::equal(halves[half].kv, kv[half]));
      outcome_.largest_half =
          std::max(outcome_.largest_half, *std::ranges::max_element(requests[half]));
    }
    const timing::UnitHalves expected{{{requests[0], kv[0]}, {requests[1], kv[1]}}};
    EXPECT_EQ(duration, pricer_.price_halves(expected).duration);
  }
  void evict() {
    std::vector<DecodeUnit::Leaving> leaving;
    unit_.evict_all(leaving);
    std::vector<RequestSlot> evicted;
    for (const DecodeUnit::Leaving& one : leaving) {
      evicted.push_back(one.slot);
    }
    std::vector<RequestSlot> expected = promised();
    for (const auto& [slot, member] : reference_.members) {
      expected.push_back(slot);
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(evicted, expected);
    reference_.outside.merge(reference_.members);
    on_the_way_.clear();
    waiting_.insert(waiting_.end(), evicted.begin(), evicted.end());
  }
  [[nodiscard]] std::vector<RequestSlot> promised() const {
    std::vector<RequestSlot> slots;
    for (const auto& [slot, arrives] : on_the_way_) {
      slots.push_back(slot);
    }
    return slots;
  }

  base::Stream draw_;
  DecodeUnitLimits limits_;
  const timing::DecodePricer& pricer_;
  RequestPool pool_;
  DecodeUnit unit_;
  DecodeReference reference_;
  std::vector<std::pair<RequestSlot, TimePoint>> on_the_way_;  // in the order of placement
  std::vector<RequestSlot> waiting_;
  TimePoint now_{};
  std::uint64_t next_id_ = 0;
  Outcome outcome_;
};

// At most 8 requests a GPU: 400,000 tokens of KV never fill up, 8,000 do.
struct Kind {
  const char* name;
  Microbatch microbatch;
  Batching batching;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class DecodeTokenByToken : public testing::TestWithParam<Kind> {
 protected:
  const timing::DecodePricer pricer_{{{}, {}, small_layout(), {}}};
};

TEST_P(DecodeTokenByToken, TheUnitAgreesExactlyWithTheReference) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const DecodeUnitLimits limits{
        kGpus, 8, 400'000, 2'000, GetParam().microbatch, GetParam().batching};
    const Outcome outcome = Comparison(seed, limits, pricer_).run();
    EXPECT_GT(outcome.finished, 200) << "seed " << seed;
    EXPECT_EQ(outcome.preempted, 0) << "seed " << seed;
  }
}

TEST_P(DecodeTokenByToken, AlsoWhenRequestsOutgrowTheHbm) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const DecodeUnitLimits limits{
        kGpus, 8, 4'000, 2'000, GetParam().microbatch, GetParam().batching};
    const Outcome outcome = Comparison(seed, limits, pricer_).run();
    EXPECT_GT(outcome.finished, 100) << "seed " << seed;
    EXPECT_GT(outcome.preempted, 10) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, DecodeTokenByToken,
                         testing::Values(Kind{"Reform", Microbatch::Reform, Batching::Continuous},
                                         Kind{"Sticky", Microbatch::Sticky, Batching::Continuous},
                                         Kind{"StaticBatches", Microbatch::Reform,
                                              Batching::Static}),
                         [](const auto& test) { return test.param.name; });

// A request joins the half with fewer requests, so no half exceeds ceil(limit / 2), however the
// others leave: the all-to-all's buffer holds it. With 3 requests a GPU that is 2.
TEST(StickyHalves, NoHalfOutgrowsHalfOfTheLimit) {
  const timing::DecodePricer pricer({{}, {}, small_layout(), {}});
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const DecodeUnitLimits limits{kGpus, 3, 400'000, 2'000, Microbatch::Sticky};
    EXPECT_EQ(Comparison(seed, limits, pricer).run().largest_half, 2) << "seed " << seed;
  }
}

// A GPU of 10,000 tokens takes requests that grow past it: the youngest leave, none is lost, and
// room is never exceeded at the start of a step.
TEST(DecodeUnit, GrowthBeyondHbmPreemptsTheYoungest) {
  const timing::DecodePricer pricer(
      {hardware::HardwareProfile{}, model::Model{}, small_layout(), {}});
  RequestPool pool;
  DecodeUnit unit(base::UnitId(0),
                  {.gpus = kGpus,
                   .max_requests_per_gpu = 8,
                   .kv_capacity_tokens = 10'000,
                   .longest_stay_steps = 4'000},
                  pricer, pool);
  for (std::uint64_t i = 0; i < 3; ++i) {
    workload::Request request;
    request.id = base::RequestId(i);
    request.prompt_tokens = 3'000;
    request.output_tokens = 2'001;
    const RequestSlot slot = pool.add(request);
    pool[slot].rate = base::TokenParts32::from_tokens(2);
    unit.place(slot, 5, TimePoint{});
  }
  TimePoint now{};
  std::vector<RequestSlot> finished;
  std::vector<RequestSlot> preempted;
  int steps = 0;
  while (preempted.empty() && steps < 1'000) {
    now += *unit.start_step(now);
    unit.finish_step(now, finished, preempted);
    ++steps;
    EXPECT_LE(unit.active_kv(), base::TokenParts::from_tokens(10'000));
  }
  // 3 x (3000 + 2 k) > 10,000 first at k = 167
  EXPECT_EQ(steps, 167);
  ASSERT_EQ(preempted.size(), 1U);
  EXPECT_EQ(pool[preempted[0]].request.id, base::RequestId(2));
  EXPECT_EQ(pool[preempted[0]].steps_taken, 167);
  EXPECT_EQ(unit.active_requests(), 2);
}

}  // namespace
}  // namespace epfleet::serving
