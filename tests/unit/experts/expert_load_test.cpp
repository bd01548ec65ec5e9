#include "epfleet/experts/expert_load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace epfleet::experts {
namespace {

ExpertLoadSpec decode_unit() { return {}; }

ExpertLoadSpec prefill_unit() {
  ExpertLoadSpec spec;
  spec.gpus = 32;
  return spec;
}

ExpertLoadSpec even(ExpertLoadSpec spec) {
  spec.popularity.sigma = 0.0;
  return spec;
}

// Straight line in log2 of the tokens.
double at_tokens(const model::ExpertImbalance& imbalance, double tokens) {
  const double knot = std::log2(tokens);
  const auto below = static_cast<std::size_t>(knot);
  const double part = knot - static_cast<double>(below);
  return imbalance.max_over_mean[below] * (1.0 - part) + imbalance.max_over_mean[below + 1] * part;
}

// One token on 144 GPUs: 8 routed copies, the mean is 8 / 144. Were all eight on different GPUs,
// max / mean would be 18; each of the 28 pairs shares a GPU with a probability near 1 / 144, then
// it is 36.
TEST(ExpectedImbalance, OneTokenIsKnownInClosedForm) {
  const model::ExpertImbalance imbalance = expected_imbalance(even(decode_unit()));
  ASSERT_EQ(imbalance.max_over_mean.size(), static_cast<std::size_t>(kImbalanceKnots));
  EXPECT_GT(imbalance.max_over_mean[0], 18.0);
  EXPECT_LT(imbalance.max_over_mean[0], 18.0 * (1.0 + 28.0 / 144.0 * 1.5));
}

// The last results are kept: another spec, however alike, must not get them.
TEST(ExpectedImbalance, IsOfItsOwnSpecWhateverWasAskedBefore) {
  ExpertLoadSpec few = decode_unit();
  few.layers = 1;
  std::vector<std::vector<double>> asked;
  for (std::uint64_t seed = 0; seed < 70; ++seed) {  // more than are kept
    few.popularity.seed = seed;
    asked.push_back(expected_imbalance(few).max_over_mean);
    EXPECT_EQ(std::ranges::count(asked, asked.back()), 1) << seed;
  }
  for (std::uint64_t seed = 0; seed < 70; ++seed) {
    few.popularity.seed = seed;
    EXPECT_EQ(expected_imbalance(few).max_over_mean, asked[seed]) << seed;
  }
  ExpertLoadSpec other_rule = few;
  other_rule.rule = expert_rules()["static"];
  EXPECT_NE(expected_imbalance(other_rule).max_over_mean, asked.back());
  ExpertLoadSpec later = few;
  later.observation_delay = 3.0;
  EXPECT_NE(expected_imbalance(later).max_over_mean, asked.back());
}

// 12,672 tokens (144 GPUs x 88 requests, one query token each per micro-batch) are 704 routed
// tokens a GPU. One expert per GPU-slot pair, no groups, no floor: the largest of 144 Poisson(704)
// counts is 2.6 standard deviations out: 1 + 2.6 / sqrt(704) = 1.098.
TEST(ExpectedImbalance, ChanceAloneIsTenPercentAtTheServicesLoad) {
  ExpertLoadSpec spec = even(decode_unit());
  spec.experts = 288;
  spec.redundant = 0;
  spec.groups = spec.topk_groups = 1;
  EXPECT_NEAR(at_tokens(expected_imbalance(spec), 12'672), 1.098, 0.01);
  EXPECT_DOUBLE_EQ(limit_imbalance(spec), 1.0);
}

// The same load with 256 + 32 slots and group-limited routing, popularity even: the floor of 1.125
// (224 single experts on 144 GPUs) times chance, about 1.2 in all.
TEST(ExpectedImbalance, FloorAndGroupsMakeAboutTwentyPercent) {
  const ExpertLoadSpec spec = even(decode_unit());
  EXPECT_NEAR(limit_imbalance(spec), 1.125, 1e-4);
  EXPECT_NEAR(at_tokens(expected_imbalance(spec), 12'672), 1.215, 0.025);
}

// Without groups a token's experts are nearly independent. Two groups of eight make the experts of
// a GPU (one group's, by the hierarchical placement) come together: more noise.
TEST(ExpectedImbalance, GroupLimitAddsNoise) {
  ExpertLoadSpec spec = even(prefill_unit());
  spec.layers = 20;
  spec.topk_groups = 2;
  const model::ExpertImbalance limited = expected_imbalance(spec);
  spec.topk_groups = spec.groups;
  const model::ExpertImbalance free = expected_imbalance(spec);
  for (const double tokens : {64.0, 256.0, 1024.0}) {
    EXPECT_GT(at_tokens(limited, tokens), 1.01 * at_tokens(free, tokens)) << tokens;
  }
}

// Falls with the tokens, from knot to knot (0.5 % is the noise of the estimate), towards the limit.
TEST(ExpectedImbalance, FallsTowardsItsLimit) {
  for (const ExpertLoadSpec& spec : {decode_unit(), prefill_unit()}) {
    const std::vector<double> table = expected_imbalance(spec).max_over_mean;
    for (std::size_t knot = 1; knot < table.size(); ++knot) {
      EXPECT_LT(table[knot], table[knot - 1] * 1.005) << knot;
    }
    EXPECT_GE(table.back(), limit_imbalance(spec));
    EXPECT_LT(table.back(), limit_imbalance(spec) * 1.01);
  }
}

// Better knowledge places better: fresh EPLB < EPLB on drifting loads < a placement that is a day
// old; the plain order is no better than that.
TEST(ExpectedImbalance, OrderOfTheRules) {
  for (ExpertLoadSpec spec : {decode_unit(), prefill_unit()}) {
    const double drifting = limit_imbalance(spec);
    spec.rule = expert_rules()["static"];
    const double fixed = limit_imbalance(spec);
    spec.rule = expert_rules()["none"];
    const double plain = limit_imbalance(spec);
    spec.rule = expert_rules()["eplb"];
    spec.popularity.drift_per_rebalance = 0.0;
    const double fresh = limit_imbalance(spec);
    EXPECT_LT(fresh, drifting);
    EXPECT_LT(1.1 * drifting, fixed);
    EXPECT_LT(fixed, 1.05 * plain);
    spec.rule =
        expert_rules()["static"];  // nothing changes, so nothing is lost by never rebalancing
    EXPECT_DOUBLE_EQ(limit_imbalance(spec), fresh);
  }
}

TEST(ExpectedImbalance, NoSkewIsForcedEven) {
  ExpertLoadSpec spec;
  spec.skewed = false;
  EXPECT_TRUE(expected_imbalance(spec).max_over_mean.empty());
}

TEST(ExpectedImbalance, IsAFunctionOfTheSeed) {
  ExpertLoadSpec spec = prefill_unit();
  spec.layers = 3;
  const std::vector<double> once = expected_imbalance(spec).max_over_mean;
  EXPECT_EQ(once, expected_imbalance(spec).max_over_mean);
  spec.popularity.seed = 1;
  const std::vector<double> other = expected_imbalance(spec).max_over_mean;
  ASSERT_EQ(other.size(), once.size());
  std::size_t differ = 0;
  for (std::size_t i = 0; i < once.size(); ++i) {  // another draw of the same law
    differ += other[i] != once[i] ? 1 : 0;
    EXPECT_NEAR(other[i], once[i], 0.1 * once[i]) << i;
  }
  EXPECT_GT(differ, once.size() / 2);
}

// The longer the way from observation to placement, the worse: a whole interval is worse than none.
TEST(ExpectedImbalance, LateLoadsPlaceWorse) {
  ExpertLoadSpec spec = prefill_unit();
  const double at_once = limit_imbalance(spec);
  spec.observation_delay = 0.2;
  const double late = limit_imbalance(spec);
  spec.observation_delay = 2.0;
  EXPECT_LT(at_once, late);
  EXPECT_LT(1.01 * late, limit_imbalance(spec));
}

// Shares that follow the loads take back most of what drift does to a prefill unit, whose GPUs hold
// copies of several experts each. Old shares are no better than none.
TEST(ExpectedImbalance, SharesFollowTheDrift) {
  ExpertLoadSpec spec = prefill_unit();
  const double eplb = limit_imbalance(spec);
  spec.rule = expert_rules()["weighted"];
  spec.reshare_interval = 1.0 / 60.0;
  EXPECT_LT(limit_imbalance(spec) - 1.0, 0.6 * (eplb - 1.0));
  const std::vector<double> table = expected_imbalance(spec).max_over_mean;
  for (std::size_t knot = 1; knot < table.size(); ++knot) {
    EXPECT_LT(table[knot], table[knot - 1] * 1.005) << knot;
  }
  EXPECT_NEAR(table.back(), limit_imbalance(spec), 0.01);
}

// A day-old placement is as bad whether popularity moves gradually or jumps, and for each shape.
TEST(ExpectedImbalance, EveryShapeAndDriftIsPlaced) {
  for (const ExpertDrift drift : {ExpertDrift::Gradual, ExpertDrift::Jumps}) {
    for (const ExpertSkew skew : {ExpertSkew::Lognormal, ExpertSkew::Zipf, ExpertSkew::Observed}) {
      ExpertLoadSpec spec = prefill_unit();
      spec.layers = 8;
      spec.popularity.drift = drift;
      spec.popularity.skew = skew;
      for (std::int64_t layer = 0; layer < spec.layers; ++layer) {
        spec.popularity.loads.emplace_back();
        for (int expert = 0; expert < 256; ++expert) {
          spec.popularity.loads.back().push_back(expert * 37 % 101);
        }
      }
      const double fresh = limit_imbalance(spec);
      spec.rule = expert_rules()["static"];
      EXPECT_GT(fresh, 1.0);
      EXPECT_LT(1.05 * fresh, limit_imbalance(spec));
    }
  }
}

// All of the popularity redrawn between rebalancings is allowed.
TEST(ExpectedImbalance, FullDriftIsInRange) {
  ExpertLoadSpec spec = prefill_unit();
  const double drifting = limit_imbalance(spec);
  spec.popularity.drift_per_rebalance = 1.0;
  EXPECT_GT(limit_imbalance(spec), drifting);
}

// EP320 with 64 redundant experts, one a GPU, and EP16: other layouts go the same way.
TEST(ExpectedImbalance, OtherLayouts) {
  ExpertLoadSpec wide;
  wide.gpus = 320;
  wide.redundant = 64;
  EXPECT_NEAR(limit_imbalance(even(wide)), 1.25, 1e-4);  // 192 single experts of 1, mean 0.8
  ExpertLoadSpec narrow;
  narrow.gpus = 16;
  narrow.redundant = 0;
  EXPECT_NEAR(limit_imbalance(even(narrow)), 1.0, 1e-6);
}

}  // namespace
}  // namespace epfleet::experts
