// A trace of totals, replayed: requests, input, cached and output of every bin come out as stated,
// counted from what the service announces, by arrival; a last quiet stretch lets everything finish,
// so that computed = input - cached to the token and nothing is left anywhere.
#include <gtest/gtest.h>

#include "epfleet/sessions/token_rate_trace.h"
#include "support/places.h"
#include "support/trace_file.h"

namespace epfleet::test {
namespace {

using observe::Outcome;
using observe::RequestDone;

struct Totals {
  std::int64_t requests = 0, input = 0, cached = 0, output = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

std::ostream& operator<<(std::ostream& out, const Totals& totals) {
  return out << totals.requests << " requests, " << totals.input << " in, " << totals.cached
             << " cached, " << totals.output << " out";
}

void expect_bins(const FleetRun& run, const std::vector<sessions::TokenRateBin>& bins) {
  for (const sessions::TokenRateBin& bin : bins) {
    Totals seen;
    for (const RequestDone& request : run.ledger.requests) {
      if (request.arrival >= bin.from && request.arrival < bin.from + bin.width) {
        ++seen.requests;
        seen.input += request.prompt_tokens;
        seen.cached += request.cached_tokens;
        seen.output += request.output_tokens;
      }
    }
    EXPECT_EQ(seen, (Totals{bin.requests, bin.input, bin.cached, bin.output}))
        << "bin at " << base::to_seconds(bin.from) << " s";
  }
}

TEST(TokenRateLaws, EveryBinOfTheTraceComesOut) {
  const TraceFile trace(
      "0,500,2000000,1100000,540000\n"
      "60,711,2846131,1602003,788117\n"
      "120,1,17,3,5\n"
      "180,0,0,0,0\n"
      "240,333,1000001,0,400003\n"
      "300,5,9000,8995,3001\n");  // every prompt hits all but its last token
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (const char* scale : {"1", "0.37"}) {
      SCOPED_TRACE(scale);
      const config::Scenario scenario =
          trace.scenario(seed, {std::string("workload.rate_scale=") + scale});
      const auto bins = sessions::scaled(
          sessions::read_token_rate_trace(scenario.workload, scenario.duration), std::stod(scale));
      expect_bins(run_fleet(scenario), bins);
    }
  }
}

// Half an hour of the published day, a thousandth of it, in the small fleet.
TEST(TokenRateLaws, ThePublishedDayShrinksBinByBin) {
  const config::Scenario scenario =
      replayed_fleet(4, {"workload.path=" + source_dir() + "/traces/deepseek_day.csv",
                         "workload.rate_scale=0.001", "duration=30 min"});
  auto bins = sessions::scaled(
      sessions::read_token_rate_trace(scenario.workload, scenario.duration), 0.001);
  std::erase_if(bins, [](const sessions::TokenRateBin& bin) {
    return bin.from + bin.width > base::kWindowStart + std::chrono::minutes(30);
  });
  ASSERT_EQ(bins.size(), 6U);
  expect_bins(run_fleet(scenario), bins);
}

// Long prompts with long answers: whatever the shares, prompt and answer fit the context.
TEST(TokenRateLaws, PromptAndAnswerShareTheContext) {
  const TraceFile trace("0,40,2200000,0,300000\n60,0,0,0,0\n");
  const config::Scenario scenario = trace.scenario(5);
  const FleetRun run = run_fleet(scenario);
  EXPECT_EQ(run.ledger.last().rejected, 0);
  for (const workload::Request& request : run.ledger.arrivals) {
    EXPECT_LE(request.prompt_tokens + request.output_tokens, run.spec.workload.context_limit);
  }
  expect_bins(run, sessions::read_token_rate_trace(scenario.workload, scenario.duration));
}

// Scaled down, a bin may be left with fewer requests than its tokens need: the rest comes later, in
// requests of the next bins, and nothing is lost but what no request is left for at the end.
TEST(TokenRateLaws, ScalingKeepsRequestsWithinTheContext) {
  std::string rows;
  for (int bin = 0; bin < 6; ++bin) {
    rows += std::to_string(60 * bin) + ",1,60000,0,300\n";
  }
  const TraceFile trace(rows);
  const FleetRun run =
      run_fleet(trace.scenario(6, {"workload.rate_scale=0.9", "workload.warm_up=0 s"}));
  std::int64_t input = 0;
  for (const workload::Request& request : run.ledger.arrivals) {
    EXPECT_LE(request.prompt_tokens + request.output_tokens, run.spec.workload.context_limit);
    input += request.prompt_tokens;
  }
  EXPECT_EQ(run.ledger.arrivals.size(), 5U);  // floor(6 x 0.9)
  EXPECT_GE(input, 5 * 60'000);
  EXPECT_LE(input, 54 * 6'000);
}

TEST(TokenRateLaws, WhenEverythingHasFinishedNothingIsLeft) {
  const TraceFile trace("0,600,2400000,1300000,650000\n120,0,0,0,0\n2400,0,0,0,0\n");
  const config::Scenario scenario =
      trace.scenario(3, {"duration=40 min", "workload.output_limit_r1=8192"});
  const FleetRun run = run_fleet(scenario);
  const observe::FleetSample& last = run.ledger.last();
  const observe::TokenTotals tokens = tokens_of(last);
  std::int64_t output = 0;
  for (const RequestDone& request : run.ledger.requests) {
    ASSERT_EQ(request.outcome(), Outcome::Completed);
    output += request.output_tokens;
  }
  EXPECT_EQ(last.arrived, last.completed);
  EXPECT_EQ(last.computed_tokens, tokens.input - tokens.cached);
  EXPECT_EQ(tokens.output, base::TokenParts::from_tokens(output));
  EXPECT_EQ(last.decode_active_requests, 0);
  EXPECT_EQ(last.decode_waiting_requests, 0);
  EXPECT_EQ(last.decode_kv_tokens, 0.0);
  EXPECT_EQ(last.prefill_queue_requests, 0);
  EXPECT_EQ(last.prefill_queue_tokens, 0);
  EXPECT_EQ(last.prefill_node_ns.busy + last.prefill_node_ns.idle, last.prefill_node_ns.allotted());
}

}  // namespace
}  // namespace epfleet::test
