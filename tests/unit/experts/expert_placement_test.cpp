#include "epfleet/experts/expert_placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "epfleet/base/error.h"

namespace epfleet::experts {
namespace {

using testing::ElementsAre;

// The example of EPLB's README: two layers of 12 experts in 4 groups, 16 replicas on 2 nodes of 4
// GPUs.
const std::vector<double> kLayer0 = {90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86};
const std::vector<double> kLayer1 = {20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27};
constexpr ExpertSlots kReadme = {12, 16, 4, 2, 8};

TEST(PlaceExperts, EqualsThePublishedExample) {
  const LayerPlacement first = place_experts(kLayer0, kReadme, expert_rules()["eplb"]);
  EXPECT_THAT(first.physical_to_logical,
              ElementsAre(5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1));
  EXPECT_THAT(first.logical_count, ElementsAre(1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1));
  EXPECT_THAT(gpu_loads(first, kLayer0, 8),
              ElementsAre(121.5, 86.5, 125, 113, 147.5, 131.5, 156, 152));

  const LayerPlacement second = place_experts(kLayer1, kReadme, expert_rules()["eplb"]);
  EXPECT_THAT(second.physical_to_logical,
              ElementsAre(7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1));
  EXPECT_THAT(second.logical_count, ElementsAre(1, 2, 1, 1, 1, 2, 2, 1, 2, 1, 1, 1));
  EXPECT_THAT(gpu_loads(second, kLayer1, 8),
              ElementsAre(173, 179.5, 120.5, 172, 123, 152, 118.5, 117.5));
}

// 4 groups do not divide over 8 nodes: the global rule. (Expected slots from an independent
// implementation in Python.)
TEST(PlaceExperts, GlobalRuleWhereGroupsDoNotDivideTheNodes) {
  constexpr ExpertSlots kGlobal = {12, 16, 4, 8, 8};
  EXPECT_THAT(place_experts(kLayer0, kGlobal, expert_rules()["eplb"]).physical_to_logical,
              ElementsAre(10, 6, 10, 7, 0, 2, 11, 4, 5, 9, 5, 4, 8, 3, 1, 1));
  EXPECT_THAT(place_experts(kLayer1, kGlobal, expert_rules()["eplb"]).physical_to_logical,
              ElementsAre(1, 10, 2, 4, 5, 11, 5, 0, 6, 7, 6, 3, 8, 8, 9, 7));
}

// Balancedness = mean / max: (1033 / 8) / 156 for the first layer of the example.
TEST(PlaceExperts, BalancednessOfTheExample) {
  const LayerPlacement placement = place_experts(kLayer0, kReadme, expert_rules()["eplb"]);
  EXPECT_DOUBLE_EQ(balancedness(gpu_loads(placement, kLayer0, 8)), 1033.0 / 8.0 / 156.0);
}

// Every expert has its copies, every slot an expert, and the loads of the GPUs sum to all load; on
// the two layouts of the service.
TEST(PlaceExperts, KeepsEveryExpertAndAllLoad) {
  std::mt19937_64 random(5);
  for (const ExpertSlots& sizes : {ExpertSlots{256, 288, 8, 4, 32}, {256, 288, 8, 18, 144}}) {
    for (const ExpertRule rule :
         {expert_rules()["none"], expert_rules()["static"], expert_rules()["eplb"]}) {
      std::vector<double> load(256);
      std::generate(load.begin(), load.end(), [&] { return static_cast<double>(random() % 1000); });
      const LayerPlacement placement = place_experts(load, sizes, rule);
      std::vector<std::int32_t> copies(256, 0);
      for (const std::int32_t expert : placement.physical_to_logical) {
        ++copies.at(static_cast<std::size_t>(expert));
      }
      EXPECT_EQ(placement.physical_to_logical.size(), 288U);
      EXPECT_EQ(copies, placement.logical_count);
      EXPECT_GE(*std::min_element(copies.begin(), copies.end()), 1);
      double on_gpus = 0.0, all = 0.0;
      for (const double x : gpu_loads(placement, load, sizes.gpus)) on_gpus += x;
      for (const double x : load) all += x;
      EXPECT_NEAR(on_gpus, all, 1e-6 * all);
    }
  }
}

// The hierarchical rule keeps a group's experts on one node: 288 / 4 = 72 slots a node, 32 experts
// a group.
TEST(PlaceExperts, HierarchicalRuleKeepsGroupsWithinNodes) {
  std::vector<double> load(256);
  for (std::size_t i = 0; i < load.size(); ++i) load[i] = static_cast<double>(i * 37 % 101 + 1);
  const LayerPlacement placement =
      place_experts(load, {256, 288, 8, 4, 32}, expert_rules()["eplb"]);
  std::vector<std::vector<bool>> on_node(8, std::vector<bool>(4, false));
  for (std::size_t slot = 0; slot < 288; ++slot) {
    on_node[static_cast<std::size_t>(placement.physical_to_logical[slot]) / 32][slot / 72] = true;
  }
  for (const auto& nodes : on_node) {
    EXPECT_EQ(std::count(nodes.begin(), nodes.end(), true), 1);
  }
}

// 256 equal experts on 288 slots of 144 GPUs: 32 experts have two copies of half the load, 224 one
// copy. A GPU with two single experts has 2, the mean is 256 / 144: max / mean = 1.125, the floor.
// No placement of two slots a GPU does better, as 224 singles on 144 GPUs must pair up somewhere.
TEST(PlaceExperts, EvenLoadOn144GpusReachesTheFloor) {
  const std::vector<double> even(256, 1.0);
  for (const ExpertRule rule : {expert_rules()["none"], expert_rules()["eplb"]}) {
    const auto loads = gpu_loads(place_experts(even, {256, 288, 8, 18, 144}, rule), even, 144);
    EXPECT_DOUBLE_EQ(1.0 / balancedness(loads), 1.125);
  }
}

// One expert with load 50 beside 255 of 1 on 32 GPUs. In plain order its one copy stands among
// single experts: max = 50 + 8. EPLB copies it nine times (all 8 spare slots of its node); nine
// copies on 8 GPUs put two together, with 7 singles: max = 2 x 50 / 9 + 7. The mean is 305 / 32.
TEST(PlaceExperts, HotExpertIsReplicated) {
  std::vector<double> load(256, 1.0);
  load[100] = 50.0;
  const ExpertSlots sizes = {256, 288, 8, 4, 32};
  const auto imbalance = [&](ExpertRule rule) {
    return 1.0 / balancedness(gpu_loads(place_experts(load, sizes, rule), load, 32));
  };
  EXPECT_NEAR(imbalance(expert_rules()["none"]), (50.0 + 8.0) / (305.0 / 32.0), 1e-9);
  EXPECT_NEAR(imbalance(expert_rules()["eplb"]), (2.0 * 50.0 / 9.0 + 7.0) / (305.0 / 32.0), 1e-6);
  EXPECT_EQ(place_experts(load, sizes, expert_rules()["eplb"]).logical_count[100], 9);
}

TEST(PlaceExperts, ProblemsOfSizesAreNamed) {
  EXPECT_THAT(problems_of(kReadme), testing::IsEmpty());
  EXPECT_THAT(
      problems_of({12, 11, 5, 3, 8}),
      ElementsAre("there must be a replica for every expert",
                  "experts must be a multiple of groups", "GPUs must be a multiple of nodes",
                  "replicas must be a multiple of GPUs"));
  EXPECT_EQ(problems_of({12, 16, 0, 2, 8}).size(), 1U);
}

TEST(ExpertRules, AreFoundByNameAndOnlyFollowTheLoadsIfTheyRebalance) {
  for (const auto& row : expert_rules().rows()) {
    const ExpertRule& rule = expert_rules()[row.name];
    EXPECT_EQ(rule.place, row.make.place) << row.name;
    EXPECT_FALSE(rule.rebalances && rule.day_old) << row.name;
  }
  EXPECT_TRUE(expert_rules()["eplb"].rebalances);
  EXPECT_THROW((void)expert_rules()["EPLB"], base::InputError);
}

}  // namespace
}  // namespace epfleet::experts
