#include "epfleet/experts/expert_moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace epfleet::experts {
namespace {

using testing::ElementsAre;

// Three GPUs of two slots. GPU 0 swaps its slots: nothing. GPU 1 gets 1 for 3. GPU 2 had one copy
// of 4 and gets a second one for 0.
TEST(ExpertsFetched, CountsWhatAGpuDidNotHold) {
  const LayerPlacement before{{0, 1, 2, 3, 4, 0}, {2, 1, 1, 1, 1}};
  const LayerPlacement after{{1, 0, 2, 1, 4, 4}, {1, 2, 1, 0, 2}};
  EXPECT_THAT(experts_fetched(before, after, 3), ElementsAre(0, 1, 1));
  EXPECT_THAT(experts_fetched(after, before, 3), ElementsAre(0, 1, 1));
  EXPECT_THAT(experts_fetched(before, before, 3), ElementsAre(0, 0, 0));
}

TEST(MostExpertsFetched, NothingMovesWhenLoadsDoNotChange) {
  ExpertLoadSpec spec;
  spec.layers = 4;
  for (const ExpertRule rule : {expert_rules()["eplb"], expert_rules()["weighted"]}) {
    spec.rule = rule;
    spec.popularity.drift_per_rebalance = 0.0;
    EXPECT_EQ(most_experts_fetched(spec), 0);
    spec.popularity.drift_per_rebalance = 0.1;
    EXPECT_GT(most_experts_fetched(spec), 0);
    EXPECT_LE(most_experts_fetched(spec), 4 * 2);  // four layers of two slots
  }
}

TEST(MostExpertsFetched, FixedPlacementsMoveNothing) {
  ExpertLoadSpec spec;
  spec.layers = 2;
  for (const ExpertRule rule : {expert_rules()["none"], expert_rules()["static"]}) {
    spec.rule = rule;
    EXPECT_EQ(most_experts_fetched(spec), 0);
  }
  spec.rule = expert_rules()["eplb"];
  spec.skewed = false;
  EXPECT_EQ(most_experts_fetched(spec), 0);
}

}  // namespace
}  // namespace epfleet::experts
