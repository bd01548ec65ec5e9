// The decode unit advances sums; here a reference advances every request, every step, token by
// token, with the same acceptance rule, and must agree exactly: who leaves at which step, KV and
// requests of every GPU, the price of every step, tokens emitted.
//     emitted(k) = min(n, floor(k * rate / 256))      n = output - 1 decode tokens
//     KV(k)      = 256 * prompt + k * rate            in 1/256 token
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/serving/decode_unit.h"

namespace epfleet::serving {
namespace {

using base::Duration;
using base::TimePoint;

constexpr std::int32_t kGpus = 16;

model::DecodeLayout small_layout() {
  model::DecodeLayout layout;
  layout.gpus = kGpus;
  layout.redundant_experts = 0;
  return layout;
}

struct Reference {
  struct Member {
    std::int32_t prompt, output, rate;
    std::uint32_t gpu;
    std::int32_t steps = 0, emitted = 0;
  };
  std::map<Slot, Member> members;
  std::int64_t emitted_fixed_of_finished = 0;

  [[nodiscard]] std::vector<std::int32_t> requests() const {
    std::vector<std::int32_t> count(kGpus, 0);
    for (const auto& [slot, member] : members) {
      ++count[member.gpu];
    }
    return count;
  }
  [[nodiscard]] std::vector<std::int32_t> kv_fixed() const {
    std::vector<std::int32_t> kv(kGpus, 0);
    for (const auto& [slot, member] : members) {
      kv[member.gpu] += 256 * member.prompt + member.steps * member.rate;
    }
    return kv;
  }
  // One step, one token after the other; returns who has emitted the last one.
  std::vector<Slot> step() {
    std::vector<Slot> done;
    for (auto& [slot, member] : members) {
      ++member.steps;
      const std::int32_t allowed = member.steps * member.rate / 256;
      while (member.emitted < allowed && member.emitted < member.output - 1) {
        ++member.emitted;
      }
      if (member.emitted == member.output - 1) {
        done.push_back(slot);
        emitted_fixed_of_finished += 256 * static_cast<std::int64_t>(member.emitted);
      }
    }
    for (const Slot slot : done) {
      members.erase(slot);
    }
    return done;
  }
  [[nodiscard]] std::int64_t emitted_fixed() const {
    std::int64_t emitted = emitted_fixed_of_finished;
    for (const auto& [slot, member] : members) {
      emitted += static_cast<std::int64_t>(member.steps) * member.rate;
    }
    return emitted;
  }
};

std::int64_t total(const DecodeUnit::EmittedByPayer& emitted) {
  std::int64_t sum = 0;
  for (const auto& by_channel : emitted) {
    for (const std::int64_t tokens : by_channel) {
      sum += tokens;
    }
  }
  return sum;
}

// A unit fed at random; returns how many requests went through.
int run_against_reference(std::uint64_t seed, const timing::DecodePricer& pricer) {
  base::Stream draw(base::StreamFamily(seed, "decode_reference"), 0);
  RequestPool pool;
  const DecodeUnitLimits limits{kGpus, 8, 400'000, 2'000};
  DecodeUnit unit(base::UnitId(0), limits, pricer, pool);
  Reference reference;
  std::map<Slot, TimePoint> on_the_way;
  TimePoint now{};
  std::uint64_t next_id = 0;
  int finished_requests = 0;
  std::vector<Slot> finished;
  std::vector<Slot> preempted;
  for (int round = 0; round < 600; ++round) {
    for (std::uint64_t i = draw.bits() % 3; i > 0; --i) {
      workload::Request request;
      request.id = base::RequestId(next_id++);
      request.prompt_tokens = 1 + static_cast<std::int32_t>(draw.bits() % 3'000);
      request.output_tokens = 2 + static_cast<std::int32_t>(draw.bits() % 100);
      request.variant = static_cast<workload::Variant>(draw.bits() % 2);
      const Slot slot = pool.add(request);
      pool[slot].rate_fixed = 256 + static_cast<std::int32_t>(draw.bits() % 257);
      const auto gpu = static_cast<std::uint32_t>(draw.bits() % kGpus);
      if (unit.view().requests[gpu] >= limits.max_requests_per_gpu) {
        pool.remove(slot);
        continue;
      }
      const TimePoint arrives =
          now + Duration(static_cast<std::int64_t>(draw.bits() % 200'000'000));
      unit.place(slot, gpu, arrives);
      on_the_way.emplace(slot, arrives);
    }
    for (auto it = on_the_way.begin(); it != on_the_way.end();) {
      if (it->second <= now) {
        const LiveRequest& live = pool[it->first];
        reference.members[it->first] = {live.request.prompt_tokens, live.request.output_tokens,
                                        live.rate_fixed, live.decode_gpu};
        it = on_the_way.erase(it);
      } else {
        ++it;
      }
    }
    const auto duration = unit.start_step(now);
    EXPECT_EQ(duration.has_value(), !reference.members.empty()) << "seed " << seed;
    if (!duration) {
      now += std::chrono::milliseconds(50);
      continue;
    }
    const std::vector<std::int32_t> requests = reference.requests();
    const std::vector<std::int32_t> kv = reference.kv_fixed();
    EXPECT_EQ(*duration, pricer.price(requests, kv).duration)
        << "seed " << seed << " round " << round;
    EXPECT_EQ(unit.last_step().requests, static_cast<std::int64_t>(reference.members.size()));
    now += *duration;
    finished.clear();
    unit.finish_step(now, finished, preempted);
    std::sort(finished.begin(), finished.end());
    EXPECT_EQ(finished, reference.step()) << "seed " << seed << " round " << round;
    EXPECT_EQ(total(unit.emitted_fixed()), reference.emitted_fixed());
    for (const Slot slot : finished) {
      pool.remove(slot);
      ++finished_requests;
    }
  }
  EXPECT_TRUE(preempted.empty());
  return finished_requests;
}

TEST(DecodeTokenByToken, TheUnitAgreesExactlyWithTheReference) {
  const timing::DecodePricer pricer(hardware::HardwareProfile{}, model::Model{}, small_layout(),
                                    {});
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    EXPECT_GT(run_against_reference(seed, pricer), 200) << "seed " << seed;
  }
}

// A GPU of 10,000 tokens takes requests that grow past it: the youngest leave, nobody is lost, and
// room is never exceeded at the start of a step.
TEST(DecodeTokenByToken, GrowthBeyondHbmPreemptsTheYoungest) {
  const timing::DecodePricer pricer(hardware::HardwareProfile{}, model::Model{}, small_layout(),
                                    {});
  RequestPool pool;
  DecodeUnit unit(base::UnitId(0), {kGpus, 8, 10'000, 4'000}, pricer, pool);
  for (std::uint64_t i = 0; i < 3; ++i) {
    workload::Request request;
    request.id = base::RequestId(i);
    request.prompt_tokens = 3'000;
    request.output_tokens = 2'001;
    const Slot slot = pool.add(request);
    pool[slot].rate_fixed = 512;
    unit.place(slot, 5, TimePoint{});
  }
  TimePoint now{};
  std::vector<Slot> finished;
  std::vector<Slot> preempted;
  int steps = 0;
  while (preempted.empty() && steps < 1'000) {
    now += *unit.start_step(now);
    unit.finish_step(now, finished, preempted);
    ++steps;
    EXPECT_LE(unit.active_kv_fixed(), 10'000 * kTokenOne);
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
