#include "epfleet/experiment/capacity_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "epfleet/base/error.h"

namespace epfleet::experiment {
namespace {

using testing::HasSubstr;

// A service that is a formula: of the searched value, whether it meets its objectives and its cost.
struct Toy {
  std::function<bool(double)> met;
  std::function<double(double)> cost;
  int runs = 0;

  std::vector<PlanAnswer> plan(const PlanQuestion& question, std::optional<double> start = {}) {
    return make_plan(
        question,
        [&](const std::vector<config::Override>& overrides) {
          ++runs;
          const std::string& last = overrides.back();
          const double value = std::stod(last.substr(last.find('=') + 1));
          PlanPoint point;
          point.met = point.served = met(value);
          point.why_not = point.met ? "" : "too slow";
          point.metrics["cost.usd"] = std::to_string(cost(value));
          return point;
        },
        start);
  }
};

PlanQuestion fewest_groups() {
  PlanQuestion question;
  question.searched = parse_vary("fleet.groups=1..64");
  question.metric = "cost.usd";
  return question;
}

double rising(double value) { return 10.0 * value; }

TEST(Plan, FindsTheFewestWhereverTheEdgeIs) {
  for (int edge = 1; edge <= 64; ++edge) {
    Toy toy{[&](double groups) { return groups >= edge; }, rising};
    const auto answers = toy.plan(fewest_groups());
    EXPECT_EQ(answers.front().best, edge);
    EXPECT_LE(toy.runs, 2 + 6 + 3);
    for (const int neighbour : {edge - 1, edge + 1}) {
      EXPECT_EQ(answers.front().tried.contains(neighbour), neighbour >= 1 && neighbour <= 64);
    }
  }
}

// Near a known answer it takes few runs, and finds the same.
TEST(Plan, AStartNearbyChangesTheWorkNotTheAnswer) {
  for (int start = 1; start <= 64; start += 7) {
    for (int edge = 2; edge <= 64; ++edge) {
      Toy toy{[&](double groups) { return groups >= edge; }, rising};
      EXPECT_EQ(toy.plan(fewest_groups(), start).front().best, edge);
      if (std::abs(edge - start) <= 1) {
        EXPECT_LE(toy.runs, 6);
      }
    }
  }
}

TEST(Plan, MaximisesAKey) {
  PlanQuestion question;
  question.searched = parse_vary("workload.rate_scale=0.1..10");
  Toy toy{[](double rate) { return rate < 3.21; }, rising};
  const double best = *toy.plan(question).front().best;
  EXPECT_LT(best, 3.21);
  EXPECT_GT(best * 1.02, 3.21);
}

// Cost falls up to 20 groups and rises from there; the objectives are met from 5 on.
TEST(Plan, FindsAValleyAwayFromTheEdge) {
  Toy toy{[](double groups) { return groups >= 5; },
          [](double groups) { return (groups - 20) * (groups - 20); }};
  EXPECT_EQ(toy.plan(fewest_groups()).front().best, 20);
}

TEST(Plan, SaysWhenTheObjectivesCannotBeMet) {
  Toy toy{[](double) { return false; }, rising};
  const PlanQuestion question = fewest_groups();
  const auto answers = toy.plan(question);
  EXPECT_FALSE(answers.front().best.has_value());
  EXPECT_EQ(best_of(question, answers), nullptr);
  EXPECT_THAT(plan_text(question, answers), HasSubstr("cannot be met in the range"));
  EXPECT_THAT(plan_text(question, answers), HasSubstr("too slow"));
}

TEST(Plan, SaysWhenTheAnswerIsNotMonotone) {
  Toy toy{[](double groups) { return groups >= 30 && groups != 31; }, rising};
  const PlanQuestion question = fewest_groups();
  EXPECT_THAT(plan_text(question, toy.plan(question)), HasSubstr("not monotone"));
  Toy island{[](double groups) { return groups >= 25 && groups <= 40; }, rising};
  const auto answers = island.plan(question);
  EXPECT_EQ(answers.front().best, 25);
  EXPECT_THAT(plan_text(question, answers), HasSubstr("not monotone"));
}

TEST(Plan, AGridIsSearchedAtEveryPoint) {
  PlanQuestion question = fewest_groups();
  question.grid = {parse_vary("decode.balancer=joint,random"),
                   parse_vary("decode.gpus=64..128/64")};
  int edge = 10;
  Toy toy{[&](double groups) { return groups >= edge; }, rising};
  EXPECT_EQ(toy.plan(question).size(), 4U);
  EXPECT_THAT(plan_text(question, toy.plan(question)),
              HasSubstr("decode.balancer=random, decode.gpus=128"));
}

TEST(Vary, RangesListsAndUnits) {
  EXPECT_EQ(parse_vary("fleet.groups=1..3").grid(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(parse_vary("prices.gpu_hour=1 USD/h..2 USD/h/0.5 USD/h").grid().size(), 3U);
  const Vary price = parse_vary("prices.gpu_hour=1 USD/h..3 USD/h");
  EXPECT_EQ(price.text(2.0), "2 USD/h");
  EXPECT_EQ(price.grid().size(), 5U);
  const Vary time = parse_vary("decode.host_time=2 ms..8 ms/3 ms");
  EXPECT_EQ(time.grid(), (std::vector<std::string>{"2 ms", "5 ms", "8 ms"}));
  EXPECT_EQ(parse_vary("decode.balancer=joint,random").values.size(), 2U);
  for (const char* wrong :
       {"fleet.groups", "fleet.group=1..2", "fleet.groups=2..1", "fleet.groups=1.5..2",
        "decode.host_time=1..2", "decode.balancer=a..b", "=1..2", "workload.rate_scale=0..1"}) {
    EXPECT_THROW((void)parse_vary(wrong), base::InputError) << wrong;
  }
}

}  // namespace
}  // namespace epfleet::experiment
