// --check-sums: every sum that is kept as things change is, at every moment, the sum of what is
// there. And looking changes nothing.
#include <gtest/gtest.h>

#include "epfleet/base/error.h"
#include "epfleet/cluster/unit_setup.h"
#include "support/failing_fleet.h"

namespace epfleet::test {
namespace {

using Keys = std::vector<std::string>;

// Looks after every event take minutes. A sum that has gone wrong stays so: some events later it is
// still seen.
#ifdef NDEBUG
constexpr std::uint64_t kEvery = 4;
#else
constexpr std::uint64_t kEvery = 16;
#endif

FleetRun checked(const config::Scenario& scenario, const cluster::FleetSpec& spec,
                 base::Worker* worker = nullptr) {
  return run_fleet(scenario, spec,
                   {.pricers = nullptr, .worker = worker, .beside = nullptr, .check_sums = kEvery});
}

void expect_right_sums(const config::Scenario& scenario, const cluster::FleetSpec& spec) {
  try {
    const FleetRun run = checked(scenario, spec);
    const FleetRun unseen = run_fleet(scenario, spec);
    EXPECT_EQ(run.fingerprint, unseen.fingerprint);
    EXPECT_EQ(run.executed, unseen.executed);
    EXPECT_GT(run.ledger.requests.size(), 500U);
  } catch (const base::InvariantBroken& broken) {
    ADD_FAILURE() << broken.what();
  }
}

// Conversations that return, with a store that is too small for them.
Keys conversations(const Keys& more = {}) {
  Keys keys = {"duration=1 min", "workload.warm_up=1 min", "kv_cache.capacity=50 GB",
               "kv_cache.ttl=1 min"};
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

TEST(KeptSums, AreRightOfConversations) {
  for (const Keys& more : {Keys{}, Keys{"kv_cache.eviction=fifo", "kv_cache.isolation=session"}}) {
    const config::Scenario scenario = small_fleet(1, conversations(more));
    expect_right_sums(scenario, scenario);
  }
}

// The source draws ahead on its own thread.
TEST(KeptSums, AreRightBesideAWorker) {
  const config::Scenario scenario = small_fleet(1, conversations({"duration=20 s"}));
  base::Worker worker;
  EXPECT_EQ(checked(scenario, scenario, &worker).fingerprint, run_fleet(scenario).fingerprint);
}

TEST(KeptSums, AreRightOfClientsThatWaitForTheirAnswers) {
  const config::Scenario scenario =
      small_fleet(1, {"workload.concurrency=200", "workload.input=2000", "workload.output=200",
                      "duration=1 min", "workload.warm_up=10 s"});
  expect_right_sums(scenario, scenario);
}

// Swapped out, and in again.
TEST(KeptSums, AreRightWhereDecodeGpusAreShortOfMemory) {
  for (const Keys& more : {Keys{}, Keys{"decode.microbatch=sticky", "decode.overlap=dual_batch"}}) {
    Keys keys = {"workload.context_limit=16384", "workload.output_limit_v3=8192",
                 "workload.output_limit_r1=8192", "duration=3 min", "workload.warm_up=1 min"};
    keys.insert(keys.end(), more.begin(), more.end());
    config::Scenario scenario = replayed_fleet(1, keys);
    const std::int64_t spare = cluster::decode_limits(scenario).kv_capacity_tokens - 16'384;
    scenario.decode.runtime_memory += base::Bytes(spare * cluster::kv_bytes_per_token(scenario));
    expect_right_sums(scenario, scenario);
  }
}

// Caps, deadlines, users who give up, clients that come again; loads by GPU and age.
TEST(KeptSums, AreRightOfAnOverloadWithDeadlinesAndRetries) {
  const Keys keys = {"workload.rate_scale=20",
                     "duration=20 s",
                     "workload.warm_up=20 s",
                     "report.cool_down=1 min",
                     "admission.max_concurrency=1500",
                     "admission.max_queue=300",
                     "admission.start_deadline=4 s",
                     "admission.total_deadline=20 s",
                     "admission.patience=6 s",
                     "admission.retries={limit: 2, back_off: 3 s}",
                     "prefill.balancer.placement=arrival",
                     "decode.max_requests_per_gpu=16"};
  for (const Keys& more :
       {Keys{}, Keys{"prefill.balancer.view_age=2 s", "fleet.groups=1",
                     "decode.balancer.view_age=2 s", "decode.batching=static"}}) {
    Keys all = keys;
    all.insert(all.end(), more.begin(), more.end());
    const config::Scenario scenario = replayed_fleet(1, all);
    expect_right_sums(scenario, scenario);
  }
}

TEST(KeptSums, AreRightWhereUnitsComeAndGo) {
  const Keys schedule = {"scaling.policy=schedule", "scaling.start_up=20 s",
                         "scaling.schedule=[{at: 30 s, groups: 2}, {at: 90 s, groups: 1}, {at: 120 "
                         "s, groups: 0}]"};
  const Keys follows = {"scaling.policy=target", "scaling.max_groups=2", "fleet.groups=1",
                        "scaling.interval=5 s",  "scaling.window=10 s",  "scaling.start_up=5 s"};
  for (const Keys& scaling : {schedule, follows}) {
    for (const std::string drain : {"wait", "migrate"}) {
      Keys keys = {"workload.rate_scale=4", "duration=3 min", "workload.warm_up=30 s",
                   "scaling.drain=" + drain};
      keys.insert(keys.end(), scaling.begin(), scaling.end());
      const config::Scenario scenario = replayed_fleet(1, keys);
      expect_right_sums(scenario, scenario);
    }
  }
}

// Nodes and GPUs that are lost while units come and go, masked and restarted, lost and retried.
TEST(KeptSums, AreRightUnderFailures) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    failing::FailuresConfig failures = failing::one(
        failing::FailureKind::Node, failing::UnitKind::Decode, 0, 3, std::chrono::seconds(20));
    failures.at.push_back({.time = std::chrono::seconds(50),
                           .what = failing::FailureKind::Gpu,
                           .unit = cluster::UnitName{failing::UnitKind::Decode, 0},
                           .gpu = 30});
    failures.at.push_back({.time = std::chrono::seconds(60),
                           .unit = cluster::UnitName{failing::UnitKind::Prefill, 1}});
    failures.node_rate = 200.0;
    failures.recovery = static_cast<failing::Recovery>(seed % 3);
    failures.in_flight = seed > 3 ? failing::InFlight::Retry : failing::InFlight::Lost;
    Keys more = {"duration=2 min", "workload.rate_scale=2"};
    if (seed % 2 == 0) {
      more.insert(more.end(), {"scaling.policy=schedule",
                               "scaling.schedule=[{at: 30 s, groups: 0}, {at: 60 s, groups: 1}]",
                               "admission.patience=20 s", "admission.total_deadline=60 s"});
    }
    const config::Scenario scenario = replayed_fleet(seed, failing::keys(more));
    cluster::FleetSpec spec = scenario;
    spec.failures = failures;
    expect_right_sums(scenario, spec);
  }
}

}  // namespace
}  // namespace epfleet::test
