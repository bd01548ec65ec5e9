// Failures in a small service: what must hold whatever fails, and whatever is done about it.
//     arrived        = completed + rejected + failed + in flight, each announced once
//     failed         = requests lost to failures; with in_flight: retry none
//     computed       = new tokens of finished prompts + recomputed + chunks of half-done ones
//     output         = first tokens + tokens of decode steps
//     node time      = busy + idle + loading + draining + down = nodes x time; spares x time
#include <gtest/gtest.h>

#include "epfleet/base/random.h"
#include "support/failing_fleet.h"

namespace epfleet::test {
namespace {

using namespace failing;  // NOLINT(google-build-using-namespace): its words are the test's

TEST(FailureLaws, WithoutFailuresTheKeysChangeNothing) {
  FailuresConfig config = quick_to_recover();
  config.recovery = Recovery::MaskAndRejoin;
  config.in_flight = InFlight::Retry;
  const FleetRun with = run(config), without = run({});
  EXPECT_EQ(with.fingerprint, without.fingerprint);
  EXPECT_EQ(with.executed, without.executed);
}

// Every kind and mode, at random, while units come and go.
TEST(FailureLaws, NothingIsLostWithoutAReasonUnderRandomFailures) {
  std::int64_t events = 0, lost = 0, retried = 0, down = 0, masked = 0;
  for (std::uint64_t seed = 1; seed <= 18; ++seed) {
    SCOPED_TRACE(seed);
    base::Stream draw(base::StreamFamily(seed, "test.failures"), 0);
    FailuresConfig config = quick_to_recover();
    config.recovery = static_cast<Recovery>(seed % 3);
    config.in_flight = static_cast<InFlight>(seed / 3 % 2);
    config.node_rate = 40.0 + 80.0 * draw.uniform();
    config.spare_nodes = static_cast<std::int64_t>(draw.uniform() * 3.0);
    for (const FailureKind what : {FailureKind::Store, FailureKind::Straggler, FailureKind::Nic,
                                   FailureKind::Node, FailureKind::Gpu}) {
      cluster::FailureAt at{.time = seconds(static_cast<int>(draw.uniform() * 330.0)),
                            .what = what,
                            .unit = {},
                            .gpu = static_cast<std::int64_t>(draw.uniform() * 32.0),
                            .lasts = seconds(1 + static_cast<int>(draw.uniform() * 60.0))};
      if (what != FailureKind::Store) {
        at.unit = cluster::UnitName{draw.uniform() < 0.5 ? UnitKind::Prefill : UnitKind::Decode,
                                    draw.uniform() < 0.5 ? 0 : 1};
      }
      config.at.push_back(at);
    }
    std::vector<std::string> more;
    if (seed % 2 == 0) {
      more = {"scaling.policy=schedule",
              "scaling.schedule=[{at: 1 min, groups: 0}, {at: 2 min, groups: 1}, {at: 4 min, "
              "groups: 0}]",
              std::string("scaling.drain=") + (seed % 4 == 0 ? "wait" : "migrate")};
    }
    if (seed % 3 == 0) {  // users who give up and deadlines beside
      more.insert(more.end(), {"admission.patience=20 s", "admission.total_deadline=90 s"});
    }
    const FleetRun one_run = run(config, more, seed);
    expect_conserved(one_run);
    const observe::FleetSample& last = one_run.ledger.last();
    EXPECT_TRUE(config.in_flight == InFlight::Lost || last.failures.requests_lost == 0);
    EXPECT_TRUE(config.in_flight == InFlight::Retry || last.failures.requests_retried == 0);
    if (seed % 2 == 1) {
      const NodeTime time = all(last);
      EXPECT_EQ(time.allotted(), node_ns(last.time - one_run.spec.run_start()) * 4);
      EXPECT_EQ(time.loading + time.draining, 0);
    }
    if (seed <= 2) {
      EXPECT_EQ(run(config, more, seed).fingerprint, one_run.fingerprint);
    }
    events += last.failures.events;
    lost += last.failures.requests_lost;
    retried += last.failures.requests_retried;
    down += last.failures.unit_down_ns;
    masked += last.failures.masked_gpu_ns;
  }
  EXPECT_GT(events, 100);
  EXPECT_GT(lost, 500);
  EXPECT_GT(retried, 500);
  EXPECT_GT(down, Duration(minutes(20)).count());
  EXPECT_GT(masked, Duration(minutes(20)).count());
}

}  // namespace
}  // namespace epfleet::test
