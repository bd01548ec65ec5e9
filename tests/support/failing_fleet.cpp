#include "support/failing_fleet.h"

#include <gtest/gtest.h>

namespace epfleet::test::failing {

std::vector<std::string> keys(std::vector<std::string> more) {
  std::vector<std::string> all = {"fleet.groups=1", "decode.redundant_experts=128",
                                  "report.cool_down=20 min", "scaling.start_up=20 s"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

FailuresConfig quick_to_recover() {
  FailuresConfig config;
  config.detection = seconds(10);
  config.mask_stall = seconds(2);
  config.swap_in = seconds(5);
  config.reset = seconds(15);
  config.repair = seconds(60);
  return config;
}

FailuresConfig one(FailureKind what, UnitKind kind, std::int64_t unit, std::int64_t gpu,
                   Duration at) {
  FailuresConfig config = quick_to_recover();
  config.at = {{.time = at, .what = what, .unit = cluster::UnitName{kind, unit}, .gpu = gpu}};
  return config;
}

FleetRun run(const FailuresConfig& failures, std::vector<std::string> more, std::uint64_t seed) {
  const config::Scenario scenario = replayed_fleet(seed, keys(std::move(more)));
  cluster::FleetSpec spec = scenario;
  spec.failures = failures;
  return run_fleet(scenario, spec);
}

NodeTime all(const observe::FleetSample& sample) {
  NodeTime sum = sample.prefill_node_ns;
  const NodeTime& decode = sample.decode_node_ns;
  sum.busy += decode.busy;
  sum.idle += decode.idle;
  sum.loading += decode.loading;
  sum.draining += decode.draining;
  sum.down += decode.down;
  return sum;
}

void expect_conserved(const FleetRun& run) {
  const std::vector<RequestDone> requests = run.ledger.by_id();
  const observe::FleetSample& last = run.ledger.last();
  ASSERT_EQ(requests.size(), run.ledger.arrivals.size());
  std::int64_t input = 0, cached = 0, computed = 0, half_done_most = 0, first_tokens = 0;
  std::int64_t unit_failed = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestDone& request = requests[i];
    ASSERT_EQ(request.id.value(), i);
    EXPECT_LE(request.arrival, request.done);
    if (request.has_first_token) {
      EXPECT_TRUE(request.entered_prefill());
      EXPECT_LE(request.arrival, request.prefill_start);
      EXPECT_LT(request.prefill_start, request.first_token);
      EXPECT_LE(request.first_token, request.done);
      EXPECT_LT(request.cached_tokens, request.prompt_tokens);
      input += request.prompt_tokens;
      cached += request.cached_tokens;
      computed += request.prompt_tokens - request.cached_tokens;
      ++first_tokens;
    }
    if (request.entered_decode) {
      EXPECT_LE(request.kv_arrived, request.decode_start);
      EXPECT_LE(request.first_token, request.decode_start);
    }
    unit_failed += request.ending == observe::Ending::UnitFailed ? 1 : 0;
    if (request.outcome() == Outcome::InFlight ||
        (request.outcome() == Outcome::Failed && request.ending != observe::Ending::UnitFailed)) {
      half_done_most += request.prompt_tokens + request.output_tokens;
    }
    if (request.outcome() == Outcome::Completed) {
      EXPECT_TRUE(request.has_first_token);
    }
  }
  EXPECT_EQ(last.arrived, static_cast<std::int64_t>(requests.size()));
  EXPECT_EQ(last.completed, run.ledger.count(Outcome::Completed));
  EXPECT_EQ(last.failed, run.ledger.count(Outcome::Failed));
  EXPECT_EQ(unit_failed, last.failures.requests_lost);
  EXPECT_EQ(last.rejected, 0);
  EXPECT_EQ(run.scheduled, run.executed + run.cancelled + run.left);

  const observe::TokenTotals tokens = tokens_of(last);
  EXPECT_EQ(tokens.input, input);
  EXPECT_EQ(tokens.cached, cached);
  EXPECT_GE(last.computed_tokens, computed + last.failures.recomputed_tokens);
  EXPECT_LE(last.computed_tokens, computed + last.failures.recomputed_tokens + half_done_most);
  base::TokenParts output = base::TokenParts::from_tokens(first_tokens);
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    output += step.emitted;
  }
  EXPECT_EQ(tokens.output, output);

  for (const observe::FleetSample& sample : run.ledger.samples) {
    EXPECT_EQ(sample.nodes_serving + sample.nodes_draining + sample.nodes_loading +
                  sample.nodes_down + sample.nodes_spare,
              sample.nodes_allotted());
    EXPECT_EQ(sample.spare_node_ns,
              run.spec.failures.spare_nodes * (sample.time - run.spec.run_start()).count());
    EXPECT_EQ(all(sample).down, sample.failures.unit_down_ns * kNodes);
  }
  if (run.ledger.count(Outcome::InFlight) == 0) {
    EXPECT_EQ(last.decode_active_requests + last.decode_waiting_requests, 0);
    EXPECT_EQ(last.decode_kv_tokens, 0.0);
    EXPECT_EQ(last.prefill_queue_requests + last.prefill_queue_tokens, 0);
    EXPECT_TRUE(half_done_most > 0 ||
                last.computed_tokens == computed + last.failures.recomputed_tokens);
  }
}

}  // namespace epfleet::test::failing
