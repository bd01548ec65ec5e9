// Weighted shares of copies, and the placement that is made for them.
#include "epfleet/experts/expert_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "epfleet/base/random.h"

namespace epfleet::experts {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

double largest_load(const LayerPlacement& placement, const std::vector<double>& load,
                    std::int64_t gpus) {
  const std::vector<double> loads = gpu_loads(placement, load, gpus);
  return *std::max_element(loads.begin(), loads.end());
}

std::vector<double> random_loads(std::uint64_t layer, std::size_t experts, double sigma) {
  base::Stream stream(base::StreamFamily(3, "test.expert_shares"), layer);
  std::vector<double> loads(experts);
  for (double& load : loads) {
    load = stream.lognormal(0.0, sigma);
  }
  return loads;
}

// Expert 0 (load 6) on GPUs 0 and 1 beside loads of 1 and 3: 4 + 1 = 2 + 3.
TEST(LevelShares, PourOneExpertOverItsGpus) {
  LayerPlacement placement{{0, 1, 0, 2}, {2, 1, 1}};
  const std::vector<double> load = {6.0, 1.0, 3.0};
  level_shares(placement, load, 2);
  EXPECT_THAT(gpu_loads(placement, load, 2), ElementsAre(DoubleNear(5, 1e-9), DoubleNear(5, 1e-9)));
  EXPECT_NEAR(placement.share[0], 4.0 / 6.0, 1e-9);
  EXPECT_DOUBLE_EQ(placement.share[1], 1.0);
}

// A GPU that has too much already gets nothing; copies on the same GPU share evenly.
TEST(LevelShares, LeaveOutAGpuThatIsFull) {
  LayerPlacement placement{{0, 1, 0, 0}, {3, 1}};
  const std::vector<double> load = {2.0, 9.0};
  level_shares(placement, load, 2);
  EXPECT_THAT(placement.share, ElementsAre(0.0, 1.0, 0.5, 0.5));
}

// A chain: experts 0, 1 and 2 join GPUs 0-1, 1-2 and 2-3. GPU 0 can get no more than 1.5 + 0.5;
// the other 8 are levelled over three GPUs.
TEST(LevelShares, ReachAlongAChainOfGpus) {
  LayerPlacement placement{{3, 0, 0, 1, 1, 2, 2, 4}, {2, 2, 2, 1, 1}};
  const std::vector<double> load = {1.5, 4.0, 4.0, 0.5, 0.0};
  level_shares(placement, load, 4);
  EXPECT_THAT(gpu_loads(placement, load, 4),
              ElementsAre(DoubleNear(2.0, 0.01), DoubleNear(8.0 / 3, 0.01),
                          DoubleNear(8.0 / 3, 0.01), DoubleNear(8.0 / 3, 0.01)));
}

const std::vector<ExpertSlots> kLayouts = {{256, 288, 8, 4, 32},   {256, 288, 8, 18, 144},
                                           {256, 432, 8, 18, 144}, {256, 320, 8, 40, 320},
                                           {256, 256, 8, 2, 16},   {64, 80, 8, 5, 40}};

// Never worse than EPLB on the loads it was made from, every slot filled, every expert placed, all
// of an expert's tokens given away; in 20 layers of each layout and skew.
TEST(WeightedPlacement, IsNeverWorseThanEplb) {
  for (const ExpertSlots& sizes : kLayouts) {
    for (const double sigma : {0.2, 0.5, 1.0, 2.0}) {
      for (std::uint64_t layer = 0; layer < 20; ++layer) {
        SCOPED_TRACE(testing::Message() << sizes.slots << " " << sizes.gpus << " " << sigma);
        const auto load = random_loads(layer, static_cast<std::size_t>(sizes.experts), sigma);
        const LayerPlacement placement = place_experts(load, sizes, expert_rules()["weighted"]);
        const LayerPlacement eplb = place_experts(load, sizes, expert_rules()["eplb"]);
        EXPECT_LE(largest_load(placement, load, sizes.gpus),
                  largest_load(eplb, load, sizes.gpus) * (1.0 + 1e-12));
        ASSERT_EQ(placement.physical_to_logical.size(), static_cast<std::size_t>(sizes.slots));
        ASSERT_EQ(placement.share.size(), placement.physical_to_logical.size());
        std::vector<double> given(load.size(), 0.0);
        std::vector<std::int32_t> copies(load.size(), 0);
        for (std::size_t slot = 0; slot < placement.share.size(); ++slot) {
          const auto expert = static_cast<std::size_t>(placement.physical_to_logical[slot]);
          EXPECT_GE(placement.share[slot], 0.0);
          given.at(expert) += placement.share[slot];
          ++copies.at(expert);
        }
        EXPECT_EQ(copies, placement.logical_count);
        EXPECT_THAT(given, testing::Each(DoubleNear(1.0, 1e-9)));
        EXPECT_GE(*std::min_element(copies.begin(), copies.end()), 1);
      }
    }
  }
}

// A group's experts stay on one node, as under EPLB.
TEST(WeightedPlacement, KeepsGroupsWithinNodes) {
  const LayerPlacement placement =
      place_experts(random_loads(0, 256, 0.5), {256, 288, 8, 4, 32}, expert_rules()["weighted"]);
  std::set<std::pair<std::int32_t, std::size_t>> places;
  for (std::size_t slot = 0; slot < 288; ++slot) {
    places.insert({placement.physical_to_logical[slot] / 32, slot / 72});
  }
  EXPECT_EQ(places.size(), 8U);
}

// At moderate skew no expert has more copies than its node has GPUs, and none has two on one GPU.
TEST(WeightedPlacement, CopiesStandOnDifferentGpus) {
  for (std::uint64_t layer = 0; layer < 20; ++layer) {
    const LayerPlacement placement = place_experts(
        random_loads(layer, 256, 0.5), {256, 288, 8, 4, 32}, expert_rules()["weighted"]);
    std::set<std::pair<std::int32_t, std::size_t>> places;
    for (std::size_t slot = 0; slot < 288; ++slot) {
      places.insert({placement.physical_to_logical[slot], slot / 9});
    }
    EXPECT_EQ(places.size(), 288U) << layer;
  }
}

// Within a node of the prefill layout, nine slots a GPU, nothing is left of the imbalance.
TEST(WeightedPlacement, LevelsANode) {
  const auto load = random_loads(1, 64, 0.5);
  const ExpertSlots one_node = {64, 72, 1, 1, 8};
  const double mean = std::accumulate(load.begin(), load.end(), 0.0) / 8.0;
  EXPECT_NEAR(largest_load(place_experts(load, one_node, expert_rules()["weighted"]), load, 8),
              mean, 1e-3 * mean);
  EXPECT_GT(largest_load(place_experts(load, one_node, expert_rules()["eplb"]), load, 8),
            1.003 * mean);
}

TEST(WeightedPlacement, PlacesExpertsWithoutAnyLoad) {
  const std::vector<double> none(256, 0.0);
  const LayerPlacement placement =
      place_experts(none, {256, 288, 8, 4, 32}, expert_rules()["weighted"]);
  EXPECT_EQ(largest_load(placement, none, 32), 0.0);
}

}  // namespace
}  // namespace epfleet::experts
