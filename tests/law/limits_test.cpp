// What a unit may hold and when it may rest:
//     requests of a decode step <= cap x GPUs, and KV of its fullest GPU <= capacity
//     tokens of a prefill step <= budget x GPUs
//     a unit takes one step at a time
//     no prefill unit is idle while a prompt waits there that is ready (arrived, nothing to read)
//     no decode unit is idle while KV that has arrived waits there, or a request waits for room
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "epfleet/experiment/run_scenario.h"
#include "support/trace_file.h"

namespace epfleet::test {
namespace {

using base::TimePoint;
using observe::RequestDone;

struct Span {
  TimePoint from, to;
};

// Stretches between the steps of every unit; the step under way at the end is not announced, so the
// last stretch is left out.
template <class Step>
std::map<std::uint32_t, std::vector<Span>> idle_spans(const std::vector<Step>& steps,
                                                      TimePoint start) {
  std::map<std::uint32_t, std::vector<Span>> idle;
  std::map<std::uint32_t, TimePoint> since;
  for (const Step& step : steps) {
    const auto [ended, first] = since.emplace(step.unit.value(), start);
    EXPECT_LE(ended->second, step.start) << "one step at a time";
    EXPECT_LT(step.start, step.end);
    if (ended->second < step.start) {
      idle[step.unit.value()].push_back({ended->second, step.start});
    }
    ended->second = step.end;
  }
  return idle;
}

// Time of [from, to) in which the unit was idle.
base::Duration overlap(const std::vector<Span>& idle, TimePoint from, TimePoint to) {
  base::Duration sum{};
  for (const Span& span : idle) {
    const TimePoint low = std::max(span.from, from);
    const TimePoint high = std::min(span.to, to);
    sum += low < high ? high - low : base::Duration{};
  }
  return sum;
}

void expect_within_limits(const FleetRun& run) {
  const cluster::FleetSpec& spec = run.spec;
  const std::int64_t most = cluster::max_requests_per_gpu(spec) * spec.decode.gpus;
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    ASSERT_LE(step.kv_ratio_max, 1.0);
    ASSERT_LE(step.kv_ratio_mean, step.kv_ratio_max);
    ASSERT_LE(step.requests, most);
    // max / mean of requests gives the fullest GPU
    ASSERT_LE(step.request_imbalance * static_cast<double>(step.requests),
              static_cast<double>(most) * (1.0 + 1e-12));
  }
  for (const observe::PrefillStepDone& step : run.ledger.prefill_steps) {
    ASSERT_LE(step.token_imbalance * static_cast<double>(step.tokens),
              static_cast<double>(spec.prefill.max_tokens_per_gpu.count() * spec.prefill.gpus) *
                  (1.0 + 1e-12));
    ASSERT_GT(step.efficiency, 0.0);
    ASSERT_LE(step.efficiency, 1.0 + 1e-12);
  }
}

// Decode GPUs with room for one longest context and no token more: growth overflows, a request
// leaves and comes back.
config::Scenario tight_fleet(std::uint64_t seed) {
  config::Scenario scenario =
      replayed_fleet(seed, {"workload.context_limit=16384", "workload.output_limit_v3=8192",
                            "workload.output_limit_r1=8192"});
  const std::int64_t spare = cluster::decode_limits(scenario).kv_capacity_tokens - 16'384;
  scenario.decode.runtime_memory += base::Bytes(spare * cluster::kv_bytes_per_token(scenario));
  return scenario;
}

TEST(Limits, ACrowdedFleetKeepsTheCap) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const FleetRun run = run_fleet(replayed_fleet(seed, {"decode.max_requests_per_gpu=4"}));
    expect_within_limits(run);
    EXPECT_GT(run.ledger.last().decode_waiting_requests, 0) << "the cap is felt";
    const auto fullest =
        std::max_element(run.ledger.decode_steps.begin(), run.ledger.decode_steps.end(),
                         [](const auto& a, const auto& b) { return a.requests < b.requests; });
    EXPECT_EQ(fullest->requests, 4 * run.spec.decode.gpus);
  }
}

TEST(Limits, ATightHbmPreemptsAndIsNeverExceeded) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const FleetRun run = run_fleet(tight_fleet(seed));
    expect_within_limits(run);
    EXPECT_GT(run.ledger.last().preempted, 5);
    std::int64_t preemptions = 0;
    std::int64_t came_back = 0;
    for (const RequestDone& request : run.ledger.requests) {
      preemptions += request.preemptions;
      came_back += request.preemptions > 0 && request.outcome() == observe::Outcome::Completed;
    }
    EXPECT_EQ(preemptions, run.ledger.last().preempted);
    EXPECT_GT(came_back, 0);
    // No request is stuck, and none blocks the others: the unit keeps working to the end.
    const base::TimePoint late = run.spec.window_end() - std::chrono::seconds(60);
    for (const observe::FleetSample& sample : run.ledger.samples) {
      EXPECT_TRUE(sample.time < late || sample.decode_active_requests >= 16)
          << sample.decode_active_requests << " of " << sample.decode_waiting_requests
          << " waiting at " << base::to_seconds(sample.time) << " s";
    }
  }
}

// Without hits nothing has to be read: a prompt is ready when it arrives.
TEST(WorkConserving, NoPrefillUnitRestsWhileAPromptWaits) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const TraceFile trace("0,150,600000,0,20000\n120,3,9000,0,300\n240,100,300000,0,900\n");
    const FleetRun run = run_fleet(trace.scenario(seed, {"fleet.groups=1"}));
    const auto idle = idle_spans(run.ledger.prefill_steps, run.spec.run_start());
    std::size_t spans = 0;
    for (const auto& [unit, of_unit] : idle) {
      spans += of_unit.size();
    }
    EXPECT_GT(spans, 50U) << "there is rest to look at";
    for (const RequestDone& request : run.ledger.requests) {
      if (request.entered_prefill() && idle.contains(request.prefill_unit.value())) {
        EXPECT_EQ(
            overlap(idle.at(request.prefill_unit.value()), request.arrival, request.prefill_start),
            base::Duration{})
            << request.id.value();
      }
    }
  }
}

TEST(WorkConserving, NoDecodeUnitRestsWhileKvWaits) {
  for (const char* cap : {"decode.max_requests_per_gpu=1", "decode.max_requests_per_gpu=128"}) {
    SCOPED_TRACE(cap);
    const FleetRun run =
        run_fleet(replayed_fleet(3, {cap, "fleet.groups=1", "workload.rate_scale=0.03"}));
    const auto idle = idle_spans(run.ledger.decode_steps, run.spec.run_start());
    std::size_t spans = 0;
    for (const auto& [unit, of_unit] : idle) {
      spans += of_unit.size();
    }
    EXPECT_GT(spans, 5U) << "there is rest to look at";
    for (const RequestDone& request : run.ledger.requests) {
      if (request.entered_decode && idle.contains(request.decode_unit.value())) {
        EXPECT_EQ(
            overlap(idle.at(request.decode_unit.value()), request.kv_arrived, request.decode_start),
            base::Duration{})
            << request.id.value();
      }
    }
  }
}

// Ten million are too many for a test; the limit is the same.
TEST(RequestsInService, MoreThanTheirLimitEndTheRun) {
  config::Scenario scenario = replayed_fleet(1, {"workload.rate_scale=3", "workload.warm_up=0 s"});
  scenario.most_in_service = 500;
  const report::RunReport report = experiment::run_scenario(scenario, {});
  EXPECT_TRUE(report.overrun && report.partial);
  const metrics::RequestCounts& requests = report.statistics.requests;
  EXPECT_EQ(requests.concurrent_peak, 500);
  EXPECT_GT(requests.in_flight, 0);
  EXPECT_EQ(requests.arrived,
            requests.completed + requests.rejected + requests.failed + requests.in_flight);
  EXPECT_LT(report.statistics.end, scenario.window_end());
  EXPECT_FALSE(report.verdict.stable);
  EXPECT_EQ(report.verdict.why, experiment::kOverrun);

  scenario.most_in_service = static_cast<std::size_t>(requests.concurrent_peak) * 1'000;
  const report::RunReport whole = experiment::run_scenario(scenario, {});
  EXPECT_FALSE(whole.overrun || whole.partial);
  EXPECT_GT(whole.statistics.requests.concurrent_peak, 500);
}

// Nothing was measured yet, and nothing measured met every objective.
TEST(RequestsInService, MoreThanTheirLimitInTheWarmUpIsNoServiceThatKeepsUp) {
  config::Scenario scenario = replayed_fleet(1, {"slo.ttft.limit=5 s"});
  scenario.most_in_service = 20;
  const report::RunReport report = experiment::run_scenario(scenario, {});
  EXPECT_TRUE(report.overrun);
  EXPECT_EQ(report.statistics.requests.arrived, 0);
  EXPECT_FALSE(report.verdict.stable);
  EXPECT_EQ(report.verdict.meets_slo, false);
}

TEST(RequestsInService, ARunThatWasStoppedBeforeItsWindowHasNoVerdict) {
  const std::atomic<bool> stop = true;
  experiment::RunOptions options;
  options.stop = &stop;
  const report::RunReport report =
      experiment::run_scenario(replayed_fleet(1, {"slo.ttft.limit=5 s"}), options);
  EXPECT_EQ(report.statistics.requests.arrived, 0);
  EXPECT_FALSE(report.overrun);
  EXPECT_EQ(report.verdict.meets_slo, std::nullopt);
  EXPECT_NE(report.verdict.why, "");
}

}  // namespace
}  // namespace epfleet::test
