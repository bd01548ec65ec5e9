#include "epfleet/cluster/expert_setup.h"

#include <gtest/gtest.h>

#include "epfleet/base/error.h"
#include "support/temporary_file.h"

namespace epfleet::cluster {
namespace {

// 3 x 7168 x 2048 weights of a byte and a scale of four per 16,384; 50 GB/s.
TEST(Rebalance, MovesExpertsOfTheModelAtTheNicsRate) {
  FleetSpec spec;
  spec.decode_hardware.rdma_bandwidth = base::BytesPerSecond(50e9);
  const RebalanceWork work = decode_rebalance(spec);
  EXPECT_GT(work.experts, 100);  // nearly all of 58 layers x 2 slots
  EXPECT_LE(work.experts, 116);
  EXPECT_EQ(work.bytes.count(), work.experts * (44'040'192 + 44'040'192 / 16'384 * 4));
  EXPECT_NEAR(base::to_seconds(work.time), static_cast<double>(work.bytes.count()) / 50e9, 1e-9);
  spec.decode.expert_precision = model::ExpertPrecision::Bf16;
  EXPECT_EQ(decode_rebalance(spec).bytes.count(), work.experts * 2 * 44'040'192);
}

TEST(Rebalance, UnitsTakeTurns) {
  FleetSpec spec;
  spec.experts.rebalance_every = std::chrono::seconds(100);
  const base::Duration step = std::chrono::seconds(1), stall = std::chrono::seconds(2);
  for (std::uint32_t unit = 0; unit < 4; ++unit) {
    serving::RebalancePause pause = pause_of_unit(spec, stall, unit, 4);
    int first = 0;
    while (pause.stretched(spec.run_start() + first * step, step) == step) {
      ++first;
    }
    EXPECT_EQ(first, 25 * static_cast<int>(unit) + 13);  // (unit + 0.5) / 4 of 100 s, rounded up
  }
}

TEST(ObservedLoads, MustFitTheModel) {
  const test::TemporaryFile file("1,2\n3,4\n");
  FleetSpec spec;
  spec.experts.skew = "observed";
  spec.experts.loads = file.path();
  try {
    (void)decode_expert_load(spec);
    FAIL() << "two layers of two experts were taken";
  } catch (const base::InputError& error) {
    EXPECT_EQ(error.problems().front().key, "experts.loads");
    EXPECT_NE(error.problems().front().what.find("58 layers of 256 experts"), std::string::npos);
  }
  spec.model.experts = spec.model.groups = spec.model.topk_groups = spec.model.top_k = 2;
  spec.model.layers = spec.model.dense_layers + 2;
  EXPECT_EQ(decode_expert_load(spec).popularity.loads.size(), 2U);
}

}  // namespace
}  // namespace epfleet::cluster
