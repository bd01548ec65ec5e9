// What happens to requests, over warm-up and window together:
//     arrived = completed + rejected + failed + in flight,   ids 0 .. n - 1, each announced once
//     arrival <= prefill start < first token <= KV arrived <= decode start < done
//     first token - prefill start >= price of a step with this prompt alone
//     done - decode start >= steps x price of a step with this request alone
//     arrival of turn k + 1 >= done of turn k
#include <gtest/gtest.h>

#include <map>

#include "epfleet/experiment/run_scenario.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

using observe::Outcome;
using observe::RequestDone;

// A calm fleet, one that is followed through its cool-down, a crowded one (requests wait for room
// in decode), one whose units come and go, one whose units stop to move their experts, and two that
// rules scale.
// The last takes longest and is left out under sanitizers (tests/CMakeLists.txt).
const std::vector<std::vector<std::string>> kScenarios = {
    {},
    {"report.cool_down=20 min"},
    {"decode.max_requests_per_gpu=4", "decode.mtp.acceptance_spread=0.1"},
    {"scaling.policy=schedule",
     "scaling.schedule=[{at: 1 min, groups: 2}, {at: 3 min, groups: 1}, {at: 5 min, groups: 0}]",
     "scaling.start_up=20 s"},
    {"scaling.policy=slo", "scaling.max_groups=3", "fleet.groups=1", "scaling.start_up=20 s",
     "scaling.stabilisation=30 s", "slo.tpot.limit=30 ms", "slo.ttft.limit=2 s",
     "scaling.separate=true"},
    {"scaling.policy=saturation", "scaling.max_groups=3", "fleet.groups=2", "scaling.drain=wait",
     "scaling.interval=5 s", "scaling.stabilisation=10 s", "scaling.start_up.total=none",
     "scaling.start_up.failure_ratio=0.5", "scaling.start_up.timeout=40 s",
     "scaling.start_up.compile=10 s", "scaling.start_up.spread=30 %"},
    {"experts.rebalance_cost=stall", "experts.rebalance_every=30 s", "experts.balancer=weighted",
     "experts.skew=zipf", "experts.drift_model=jumps", "experts.rebalance_delay=20 s"},
};

class RequestLaws : public ::testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] static std::vector<FleetRun> runs() {
    std::vector<FleetRun> all;
    all.push_back(run_fleet(small_fleet(1, kScenarios[GetParam()])));
    for (std::uint64_t seed = 2; seed <= 3; ++seed) {
      all.push_back(run_fleet(replayed_fleet(seed, kScenarios[GetParam()])));
    }
    return all;
  }
};

TEST_P(RequestLaws, EveryRequestIsAnnouncedOnceAndSumsAgree) {
  for (const FleetRun& run : runs()) {
    const std::vector<RequestDone> requests = run.ledger.by_id();
    ASSERT_GT(requests.size(), 1'000U);
    ASSERT_EQ(requests.size(), run.ledger.arrivals.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      ASSERT_EQ(requests[i].id.value(), i);
      const workload::Request& asked = run.ledger.arrivals[i];
      EXPECT_EQ(requests[i].prompt_tokens, asked.prompt_tokens);
      EXPECT_EQ(requests[i].output_tokens, asked.output_tokens);
      EXPECT_EQ(requests[i].arrival, asked.arrival);
      EXPECT_LE(asked.prompt_tokens + asked.output_tokens, run.spec.workload.context_limit);
    }
    const observe::FleetSample& last = run.ledger.last();
    EXPECT_EQ(last.arrived, static_cast<std::int64_t>(requests.size()));
    EXPECT_EQ(last.completed, run.ledger.count(Outcome::Completed));
    EXPECT_EQ(last.rejected, run.ledger.count(Outcome::Rejected));
    EXPECT_EQ(last.failed, run.ledger.count(Outcome::Failed));
    EXPECT_EQ(last.arrived,
              last.completed + last.rejected + last.failed + run.ledger.count(Outcome::InFlight));
    EXPECT_EQ(run.scheduled, run.executed + run.cancelled + run.left);
    for (const observe::FleetSample& sample : run.ledger.samples) {
      EXPECT_GE(sample.arrived, sample.completed + sample.rejected + sample.failed);
    }
  }
}

TEST_P(RequestLaws, NothingHappensBeforeItsCause) {
  for (const FleetRun& run : runs()) {
    std::int64_t decoded = 0;
    for (const RequestDone& request : run.ledger.requests) {
      SCOPED_TRACE(request.id.value());
      if (request.entered_prefill()) {
        EXPECT_LE(request.arrival, request.prefill_start);
      }
      EXPECT_TRUE(request.entered_prefill() || !request.has_first_token);
      if (request.has_first_token) {
        EXPECT_LT(request.prefill_start, request.first_token);
        EXPECT_LE(request.first_token, request.done);
        EXPECT_LT(request.cached_tokens, request.prompt_tokens);
      }
      if (request.entered_decode) {
        ++decoded;
        EXPECT_TRUE(request.has_first_token);
        EXPECT_LE(request.first_token, request.decode_start);
        EXPECT_LE(request.decode_start, request.done);
        if (request.outcome() == Outcome::Completed) {
          EXPECT_LT(request.decode_start, request.done);
          EXPECT_LT(request.first_token, request.kv_arrived);  // KV takes time to move
        }
      }
      if (request.outcome() == Outcome::Completed) {
        EXPECT_TRUE(request.has_first_token);
        EXPECT_EQ(request.entered_decode, request.output_tokens > 1);
      }
    }
    EXPECT_GT(decoded, 1'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Fleets, RequestLaws, ::testing::Range(std::size_t{0}, kScenarios.size()));

// In a fleet that stays as it is, KV moves once: it arrives before decode begins.
TEST(RequestLawsOfAFixedFleet, KvArrivesBeforeDecodeBegins) {
  const FleetRun run = run_fleet(replayed_fleet(3));
  for (const RequestDone& request : run.ledger.requests) {
    if (request.entered_decode) {
      EXPECT_LE(request.kv_arrived, request.decode_start) << request.id.value();
    }
  }
}

TEST(RequestLawsOfAFixedFleet, NoRequestIsFasterThanAlone) {
  const FleetRun run = run_fleet(replayed_fleet(4));
  const auto prefill_gpus = static_cast<std::size_t>(run.spec.prefill.gpus);
  const auto decode_gpus = static_cast<std::size_t>(run.spec.decode.gpus);
  std::int64_t in_one_chunk = 0;
  for (const RequestDone& request : run.ledger.requests) {
    SCOPED_TRACE(request.id.value());
    const std::int32_t computed = request.prompt_tokens - request.cached_tokens;
    if (request.has_first_token && computed <= 4'096 && request.cached_tokens <= 4'096) {
      std::vector<timing::PrefillLoad> loads(prefill_gpus);
      loads[0] = {.tokens = computed,
                  .prefix_tokens = request.cached_tokens,
                  .sequences = 1,
                  .attention_pairs = serving::PrefillUnit::pairs(computed, request.cached_tokens)};
      EXPECT_GE(request.first_token - request.prefill_start,
                run.pricers->prefill.price(loads).duration);
      ++in_one_chunk;
    }
    if (request.outcome() == Outcome::Completed && request.output_tokens > 1) {
      std::vector<std::int32_t> alone(decode_gpus);
      std::vector<base::TokenParts32> kv(decode_gpus);
      alone[0] = 1;
      kv[0] = base::TokenParts32::from_tokens(request.prompt_tokens);
      EXPECT_GE(
          request.done - request.decode_start,
          run.steps_of(request.output_tokens) * run.pricers->decode.price(alone, kv).duration);
    }
  }
  EXPECT_GT(in_one_chunk, 1'000);
}

TEST(RequestLawsOfSessions, ATurnComesAfterTheAnswerBeforeIt) {
  for (std::uint64_t seed = 5; seed <= 6; ++seed) {
    const FleetRun run = run_fleet(small_fleet(seed, {"duration=15 min"}));
    std::map<std::uint64_t, const RequestDone*> latest;
    const std::vector<RequestDone> requests = run.ledger.by_id();
    std::int64_t later_turns = 0;
    for (const RequestDone& request : requests) {
      const auto [before, first_seen] = latest.emplace(request.session.value(), &request);
      if (!first_seen) {
        EXPECT_EQ(before->second->outcome(), Outcome::Completed);
        EXPECT_EQ(request.turn, before->second->turn + 1) << request.id.value();
        EXPECT_GE(request.arrival, before->second->done) << request.id.value();
        EXPECT_GT(request.prompt_tokens, before->second->prompt_tokens);
        before->second = &request;
        ++later_turns;
      }
    }
    EXPECT_GT(later_turns, 300);
  }
}

// Contexts beyond the limit are turned away: all of them, and no other. (That every context
// within it fits the HBM of a prefill GPU is checked before a run, see unit_setup.cpp.)
TEST(RequestLawsOfAFixedFleet, AContextBeyondTheLimitIsRejected) {
  config::Scenario scenario =
      replayed_fleet(7, {"workload.context_limit=16384", "workload.output_limit_r1=8192",
                         "workload.output_limit_v3=8192"});
  scenario.workload.context_limit = 65'536;  // the trace's contexts are longer than the fleet's
  scenario.workload.rate_scale = 0.5;
  cluster::FleetSpec spec = scenario;
  spec.workload.context_limit = 16'384;
  const FleetRun run = run_fleet(scenario, spec);
  for (const RequestDone& request : run.ledger.requests) {
    const bool rejected = request.outcome() == Outcome::Rejected;
    EXPECT_EQ(rejected, request.prompt_tokens + request.output_tokens > spec.workload.context_limit)
        << request.prompt_tokens;
    EXPECT_TRUE(!rejected || (!request.entered_prefill() && request.done == request.arrival));
  }
  EXPECT_GT(run.ledger.count(Outcome::Rejected), 5);
  EXPECT_EQ(run.ledger.last().rejected, run.ledger.count(Outcome::Rejected));
}

// And those whose KV of prompt and answer no decode GPU could hold: none may enter that could
// never finish.
TEST(RequestLawsOfAFixedFleet, AContextBeyondHbmIsRejected) {
  config::Scenario scenario = replayed_fleet(8, {"workload.output_limit_r1=8192"});
  cluster::FleetSpec spec = scenario;
  const std::int64_t most = 20'000;
  const std::int64_t spare = cluster::decode_limits(spec).kv_capacity_tokens - most;
  spec.decode.runtime_memory += base::Bytes(spare * cluster::kv_bytes_per_token(spec));
  spec.workload.context_limit = most;
  const FleetRun run = run_fleet(scenario, spec);
  for (const RequestDone& request : run.ledger.requests) {
    EXPECT_EQ(request.outcome() == Outcome::Rejected,
              request.prompt_tokens + request.output_tokens > most);
  }
  EXPECT_GT(run.ledger.count(Outcome::Rejected), 5);
  EXPECT_GT(run.ledger.count(Outcome::Completed), 2'000);
}

}  // namespace
}  // namespace epfleet::test
