// The quick routing process against the exact rule: score every expert, keep the groups with the
// largest sum of their two best scores, choose the best eight of their experts.
#include "epfleet/experts/expert_routing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "epfleet/base/error.h"
#include "epfleet/experts/expert_placement.h"

namespace epfleet::experts {
namespace {

constexpr RoutingRule kRule;  // 256 experts, 8 groups, 4 of them, top 8
constexpr std::size_t kGroupSize = 32;

std::vector<double> lognormal_popularity(double sigma, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> popularity(256);
  std::generate(popularity.begin(), popularity.end(),
                [&] { return std::exp(sigma * normal(random)); });
  return popularity;
}

// Routes tokens by the exact rule.
class ExactRouter {
 public:
  ExactRouter(const std::vector<double>& popularity, std::uint64_t seed) : random_(seed) {
    for (const double p : popularity) log_popularity_.push_back(std::log(p));
  }

  void route(int tokens, std::vector<std::int64_t>& counts) {
    for (int token = 0; token < tokens; ++token) {
      route_one(counts);
    }
  }

 private:
  void route_one(std::vector<std::int64_t>& counts) {
    std::vector<double> score(256);
    std::array<std::pair<double, std::size_t>, 8> group_score;
    for (std::size_t group = 0; group < 8; ++group) {
      double best = -1e300, second = -1e300;
      for (std::size_t e = group * kGroupSize; e < (group + 1) * kGroupSize; ++e) {
        score[e] = log_popularity_[e] - std::log(-std::log(uniform_(random_)));
        second = std::max(second, std::min(best, score[e]));
        best = std::max(best, score[e]);
      }
      group_score[group] = {best + second, group};
    }
    std::sort(group_score.rbegin(), group_score.rend());
    std::vector<std::pair<double, std::size_t>> reachable;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t group = group_score[i].second;
      for (std::size_t e = group * kGroupSize; e < (group + 1) * kGroupSize; ++e) {
        reachable.emplace_back(score[e], e);
      }
    }
    std::partial_sort(reachable.begin(), reachable.begin() + 8, reachable.end(), std::greater<>());
    for (std::size_t i = 0; i < 8; ++i) ++counts[reachable[i].second];
  }

  std::vector<double> log_popularity_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_{1e-12, 1.0};
};

std::vector<double> shares_of(const std::vector<std::int64_t>& counts, double tokens) {
  std::vector<double> shares;
  for (const std::int64_t count : counts) shares.push_back(static_cast<double>(count) / tokens);
  return shares;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// sqrt(sum of (a - b)^2 / sum of b^2)
double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0.0, size = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

// Draws must follow the weights: each count is binomial, 5 standard deviations allowed.
TEST(AliasTable, DrawsByWeight) {
  const std::vector<double> weights = {5.0, 0.5, 0.0, 3.0, 1.5};
  const AliasTable table(weights);
  std::mt19937_64 random(3);
  std::vector<double> counts(5, 0.0);
  const int draws = 100'000;
  for (int i = 0; i < draws; ++i) counts[table.draw(static_cast<std::uint32_t>(random()))] += 1.0;
  for (std::size_t i = 0; i < 5; ++i) {
    const double p = weights[i] / 10.0;
    EXPECT_NEAR(counts[i], p * draws, 5.0 * std::sqrt(p * (1.0 - p) * draws)) << i;
  }
}

// With even popularity every expert is chosen with probability 8 / 256.
TEST(ExpertRouting, EvenPopularityHasEvenShares) {
  for (const double share : ExpertRouting(kRule, std::vector<double>(256, 3.0)).expert_shares()) {
    EXPECT_NEAR(share, 8.0 / 256.0, 1e-6);
  }
}

// Computed shares = frequencies of the same process. 60,000 tokens choose an expert about 1,900
// times: 2.3 % noise each (and so in the relative distance); sum is topk exactly.
TEST(ExpertRouting, SharesAreTheFrequenciesOfItsOwnSamples) {
  for (const double sigma : {0.5, 1.0}) {
    const ExpertRouting routing(kRule, lognormal_popularity(sigma, 1));
    std::vector<std::int64_t> counts(256, 0);
    base::Stream stream(base::StreamFamily(1, "test"), 0);
    routing.route(stream, 60'000, counts);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 8 * 60'000);
    const std::vector<double> computed = routing.expert_shares();
    EXPECT_NEAR(sum(computed), 8.0, 1e-4);
    EXPECT_LT(relative_distance(shares_of(counts, 60'000), computed), 0.026) << sigma;
  }
}

// The computed shares against the exact rule, at the skews in question. 20,000 exact tokens leave 4
// % noise at an expert, 0.5 % at a group: the distances must be little more than that.
TEST(ExpertRouting, SharesAreThoseOfTheExactRule) {
  for (const double sigma : {0.5, 1.0}) {
    const std::vector<double> popularity = lognormal_popularity(sigma, 7);
    std::vector<std::int64_t> counts(256, 0);
    ExactRouter(popularity, 11).route(20'000, counts);
    const std::vector<double> exact = shares_of(counts, 20'000);
    const std::vector<double> computed = ExpertRouting(kRule, popularity).expert_shares();
    EXPECT_LT(relative_distance(exact, computed), 0.055) << sigma;
    std::vector<double> exact_groups(8, 0.0), computed_groups(8, 0.0);
    for (std::size_t e = 0; e < 256; ++e) {
      exact_groups[e / kGroupSize] += exact[e];
      computed_groups[e / kGroupSize] += computed[e];
    }
    EXPECT_LT(relative_distance(exact_groups, computed_groups), 0.02) << sigma;
  }
}

// Mean over 24 micro-batches of 512 tokens of max / mean over the GPUs, for one way of routing.
template <class Route>
double mean_imbalance(const LayerPlacement& placement, std::int64_t gpus, Route route) {
  double total = 0.0;
  for (int batch = 0; batch < 24; ++batch) {
    std::vector<std::int64_t> counts(256, 0);
    route(512, counts);
    total += 1.0 / balancedness(gpu_loads(placement, shares_of(counts, 512), gpus));
  }
  return total / 24;
}

// What the process is for: the imbalance of micro-batches is that of the exact rule. The mean over
// 24 batches is known to about 1 % (one batch varies by 5 %), so 4 % is close to what can be told
// apart.
TEST(ExpertRouting, ImbalanceIsThatOfTheExactRule) {
  for (const double sigma : {0.0, 0.5}) {
    const std::vector<double> popularity = lognormal_popularity(sigma, 21);
    const ExpertRouting routing(kRule, popularity);
    for (const ExpertSlots& slots : {ExpertSlots{256, 288, 8, 4, 32}, {256, 288, 8, 18, 144}}) {
      const LayerPlacement placement =
          place_experts(routing.expert_shares(), slots, expert_rules()["eplb"]);
      ExactRouter exact(popularity, 5);
      base::Stream stream(base::StreamFamily(2, "test"), 0);
      const double by_rule = mean_imbalance(
          placement, slots.gpus, [&](int tokens, auto& counts) { exact.route(tokens, counts); });
      const double by_process =
          mean_imbalance(placement, slots.gpus,
                         [&](int tokens, auto& counts) { routing.route(stream, tokens, counts); });
      EXPECT_NEAR(by_process / by_rule, 1.0, 0.04) << sigma << " on " << slots.gpus;
    }
  }
}

// A token reaches at most 4 groups, and chooses 8 different experts.
TEST(ExpertRouting, TokensKeepTheRule) {
  const ExpertRouting routing(kRule, lognormal_popularity(1.0, 3));
  base::Stream stream(base::StreamFamily(9, "test"), 0);
  for (int token = 0; token < 500; ++token) {
    std::vector<std::int64_t> counts(256, 0);
    routing.route(stream, 1, counts);
    std::array<int, 8> in_group{};
    for (std::size_t e = 0; e < 256; ++e) {
      ASSERT_LE(counts[e], 1);
      in_group[e / kGroupSize] += static_cast<int>(counts[e]);
    }
    EXPECT_LE(8 - std::count(in_group.begin(), in_group.end(), 0), 4);
    EXPECT_EQ(std::accumulate(in_group.begin(), in_group.end(), 0), 8);
  }
}

TEST(ExpertRouting, RefusesGroupsThatDoNotHoldTheChoice) {
  RoutingRule rule;
  rule.groups = 4;
  rule.experts = 16;
  rule.topk_groups = 1;  // 4 experts for 8 choices
  EXPECT_THROW(ExpertRouting(rule, std::vector<double>(16, 1.0)), base::InvariantBroken);
}

// All of 64 experts, of which some have a popularity below what a draw of 32 bits can tell from 0.
TEST(ExpertRouting, ATokenThatNeedsEveryExpertGetsThemHoweverUnpopular) {
  std::vector<double> popularity(64, 1.0);
  for (std::size_t i = 0; i < 32; ++i) {
    popularity[2 * i] = 1e-14;
  }
  const RoutingRule all{.experts = 64, .topk = 64, .groups = 1, .topk_groups = 1};
  const ExpertRouting routing(all, popularity);
  base::Stream stream(base::StreamFamily(1, "test"), 0);
  std::vector<std::int64_t> counts(64, 0);
  routing.route(stream, 3, counts);
  EXPECT_EQ(counts, std::vector<std::int64_t>(64, 3));
}

}  // namespace
}  // namespace epfleet::experts
