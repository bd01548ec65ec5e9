// Tokens and bytes, from every single request against the running totals, exactly:
//     input, cached  = sums over prompts whose prefill finished
//     computed       = tokens of all prefill steps
//                    = sum of (prompt - cached) of finished prompts + chunks of half-done ones
//     cached + lost  = what an ideal store would hit, of finished prompts alone
//     output         = sum of completed answers + of each in flight 256 + steps x rate (1/256)
//     bytes read     = cached tokens of all admitted x bytes per token
//     bytes written  = (new tokens of finished prompts + answers of V3 kept) x bytes per token
//     KV moved       = prompt tokens of everything sent to decode x bytes per token
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

using observe::Outcome;
using observe::RequestDone;

// Decode steps that the request has taken, from the steps that were announced.
std::int64_t steps_taken(const FleetRun& run, const RequestDone& request) {
  std::int64_t steps = 0;
  if (request.entered_decode) {
    for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
      steps += step.unit == request.decode_unit && step.start >= request.decode_start ? 1 : 0;
    }
  }
  return steps;
}

struct Expected {
  std::int64_t input = 0, cached = 0, finished_computed = 0, half_done_most = 0;
  base::TokenParts output;
  std::int64_t read = 0, written = 0, moved = 0;
};

Expected expected(const FleetRun& run) {
  Expected sum;
  for (const RequestDone& request : run.ledger.requests) {
    sum.read += request.cached_tokens;
    const std::int64_t new_tokens = request.prompt_tokens - request.cached_tokens;
    if (!request.has_first_token) {
      sum.half_done_most += request.entered_prefill() ? new_tokens : 0;
      continue;
    }
    sum.input += request.prompt_tokens;
    sum.cached += request.cached_tokens;
    sum.finished_computed += new_tokens;
    sum.written += new_tokens;
    sum.moved += request.output_tokens > 1 ? request.prompt_tokens : 0;
    if (request.outcome() == Outcome::Completed) {
      sum.output += base::TokenParts::from_tokens(request.output_tokens);
      const bool kept = workload::answer_is_reusable(request.variant) && request.output_tokens > 1;
      sum.written += kept ? request.output_tokens : 0;
    } else {
      sum.output += base::TokenParts::from_tokens(1) +
                    base::TokenParts(run.rate()) * steps_taken(run, request);
    }
  }
  return sum;
}

void expect_totals(const FleetRun& run) {
  const observe::FleetSample& last = run.ledger.last();
  const observe::TokenTotals tokens = tokens_of(last);
  const Expected sum = expected(run);
  ASSERT_EQ(last.preempted, 0);
  ASSERT_EQ(last.rejected + last.failed, 0);
  EXPECT_EQ(tokens.input, sum.input);
  EXPECT_EQ(tokens.cached, sum.cached);
  EXPECT_EQ(tokens.output, sum.output);
  std::int64_t in_steps = 0;
  for (const observe::PrefillStepDone& step : run.ledger.prefill_steps) {
    in_steps += step.tokens;
  }
  EXPECT_EQ(last.computed_tokens, in_steps);
  EXPECT_GE(last.computed_tokens, sum.finished_computed);
  EXPECT_LE(last.computed_tokens, sum.finished_computed + sum.half_done_most);
  const std::int64_t bytes = run.kv_bytes_per_token();
  EXPECT_EQ(last.cache_read_bytes, sum.read * bytes);
  EXPECT_EQ(last.cache_written_bytes, sum.written * bytes);
  EXPECT_EQ(last.kv_moved_bytes, sum.moved * bytes);
}

TEST(TokenLaws, TotalsAreTheSumsOverRequests) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const FleetRun run = run_fleet(small_fleet(seed));
    EXPECT_GT(tokens_of(run.ledger.last()).cached, 1'000'000);
    EXPECT_GT(run.ledger.count(Outcome::InFlight), 10);
    expect_totals(run);
  }
}

TEST(TokenLaws, WithoutDraftTokensAStepIsAToken) {
  const FleetRun run = run_fleet(small_fleet(4, {"decode.mtp.enabled=false"}));
  const observe::TokenTotals tokens = tokens_of(run.ledger.last());
  std::int64_t step_tokens = 0;  // everybody emits one a step; prefill emits the first
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    step_tokens += step.requests;
  }
  for (const RequestDone& request : run.ledger.requests) {
    step_tokens += request.has_first_token ? 1 : 0;
  }
  EXPECT_EQ(tokens.output, base::TokenParts::from_tokens(step_tokens));
}

std::int64_t lost_of(const observe::FleetSample& sample) {
  const observe::FleetSample::LostTokens& lost = sample.cache_lost;
  return lost.cold + lost.capacity + lost.ttl + lost.rounding + lost.not_yet_written +
         lost.too_slow + lost.store_down;
}

// They were counted at the arrival: ratios of 130, where most ended before their prefill.
TEST(TokenLaws, HitsAreLostOnlyOfPromptsThatAreFinished) {
  for (const std::vector<std::string>& keys :
       {std::vector<std::string>{},
        {"workload.rate_scale=20", "admission.start_deadline=10 ms"},
        {"workload.rate_scale=20", "admission.patience=2 s"},
        {"workload.rate_scale=3", "kv_cache.recompute=if_slower", "kv_cache.read_bandwidth=1 GB/s",
         "kv_cache.capacity=10 TB"},
        {"failures.at=[{time: 2 min, what: store, for: 1 min}]"},
        {"failures={at: [{time: 3 min, what: node, unit: prefill/0}], in_flight: retry}"}}) {
    SCOPED_TRACE(testing::PrintToString(keys));
    const FleetRun run = run_fleet(small_fleet(6, keys));
    std::map<std::uint64_t, std::int64_t> ideal;
    for (const workload::Request& request : run.ledger.arrivals) {
      ideal[request.id.value()] =
          std::max(request.prefix.session_tokens, request.prefix.shared_tokens);
    }
    std::int64_t finished = 0, unfinished = 0;
    for (const RequestDone& request : run.ledger.requests) {
      (request.has_first_token ? finished : unfinished) += ideal[request.id.value()];
    }
    const observe::FleetSample& last = run.ledger.last();
    EXPECT_EQ(tokens_of(last).cached + lost_of(last), finished);
    EXPECT_GT(lost_of(last), 0);
    EXPECT_TRUE(unfinished > 0 || last.failed + last.rejected == 0);
    for (const observe::FleetSample& sample : run.ledger.samples) {
      EXPECT_LE(tokens_of(sample).cached + lost_of(sample), tokens_of(sample).input);
    }
  }
}

// Who takes part in decode steps is just who was placed there: steps x members = sum over requests.
TEST(TokenLaws, MembersOfStepsAreTheStepsOfRequests) {
  const FleetRun run = run_fleet(small_fleet(5));
  std::int64_t members = 0, joined = 0;
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    members += step.requests;
    joined += step.joined;
  }
  std::int64_t steps = 0, entered = 0;
  for (const RequestDone& request : run.ledger.requests) {
    steps += request.outcome() == Outcome::Completed ? run.steps_of(request.output_tokens)
                                                     : steps_taken(run, request);
    entered += request.entered_decode ? 1 : 0;
  }
  EXPECT_EQ(members, steps);
  // Those who joined the step that was running at the end have not been announced with a step.
  EXPECT_LE(joined, entered);
  EXPECT_GE(joined, entered - run.ledger.count(Outcome::InFlight));
}

}  // namespace
}  // namespace epfleet::test
