// A fleet whose units stop to move their experts:
//     a step that starts as the first one after a rebalance came due, in a busy unit, is at least
//     as long as the stop; units take turns
//     no step of a fleet without the cost is changed (tests/golden)
// That requests and node time are conserved is tested with all other fleets (requests_test.cpp).
#include <gtest/gtest.h>

#include "epfleet/cluster/expert_setup.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

constexpr base::Duration kMoveEvery = std::chrono::seconds(30);

FleetRun run_with(const std::string& cost) {
  return run_fleet(
      replayed_fleet(1, {"experts.skew=lognormal", "experts.rebalance_cost=" + cost,
                         "experts.rebalance_every=30 s", "experts.drift_per_10_min=0.9"}));
}

// Of the one unit of each kind, in a row: how many steps began a rebalance, and whether all of them
// lasted at least that long. Due half an interval after the start of the run.
template <class Steps>
std::int64_t delayed_steps(const Steps& steps, const FleetRun& run, base::Duration stall) {
  base::TimePoint due = run.spec.run_start() + kMoveEvery / 2;
  std::int64_t delayed = 0;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const bool busy = steps[i - 1].end == steps[i].start && steps[i - 1].start < due;
    if (steps[i].start >= due) {
      if (busy) {
        EXPECT_GT(steps[i].end - steps[i].start, stall);
        ++delayed;
      }
      due += kMoveEvery;
    }
  }
  return delayed;
}

TEST(RebalanceLaws, TheFirstStepAfterARebalanceIsDelayed) {
  const FleetRun run = run_with("stall");
  const base::Duration prefill = cluster::prefill_stall(run.spec);
  const base::Duration decode = cluster::decode_stall(run.spec);
  // 32 GPUs of 8 or 9 slots in 58 layers: hundreds of experts of 44 MB at 50 GB/s.
  EXPECT_GT(decode, std::chrono::milliseconds(100));
  EXPECT_LT(decode, prefill);
  EXPECT_LT(prefill, std::chrono::milliseconds(1000));
  EXPECT_GT(delayed_steps(run.ledger.prefill_steps, run, prefill) +
                delayed_steps(run.ledger.decode_steps, run, decode),
            8);
  EXPECT_EQ(run.ledger.arrivals.size(), run.ledger.requests.size());
}

TEST(RebalanceLaws, FixedPlacementsNeverStop) {
  cluster::FleetSpec spec = run_with("none").spec;
  EXPECT_EQ(cluster::decode_stall(spec), base::Duration::zero());
  spec.experts.rebalance_cost = serving::RebalanceCost::Stall;
  EXPECT_GT(cluster::decode_stall(spec), base::Duration::zero());
  spec.experts.balancer = "static";
  EXPECT_EQ(cluster::decode_stall(spec), base::Duration::zero());
}

}  // namespace
}  // namespace epfleet::test
