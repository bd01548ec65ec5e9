// The moments that the solver sees, and the totals it meets.
#include "epfleet/sessions/totals_solver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "day_mix.h"
#include "epfleet/base/error.h"
#include "epfleet/sessions/session_source.h"

namespace epfleet::sessions {
namespace {

constexpr std::int64_t kBlock = 64;

// Sums over sessions drawn as the source draws them.
SessionMoments drawn_moments(const SessionLaw& law, workload::SessionClass of,
                             std::uint64_t sessions) {
  SessionMoments sum;
  for (std::uint64_t i = 0; i < sessions; ++i) {
    SessionTurn turn = law.first_turn(SessionLaw::session_id(of, false, i));
    sum.add_turn(turn, kBlock, 1.0);
    for (auto next = law.following(turn); next.output > 0; next = law.following(turn)) {
      turn = SessionLaw::advance(turn, next);
      sum.add_turn(turn, kBlock, 1.0);
    }
  }
  SessionMoments mean;
  mean.add(sum, 1.0 / static_cast<double>(sessions));
  return mean;
}

// The weighted Sobol paths and plain draws estimate the same expectations. Standard errors of
// 300,000 plain sessions, relative: about 0.2 % for requests, 0.6 % for tokens, 2 % for the
// squares.
TEST(SessionMoments, AgreeWithPlainDraws) {
  const SessionLaw law(day_mix(), 5);
  const MixMoments moments = session_moments(law, kBlock, nullptr);
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    const SessionMoments drawn =
        drawn_moments(law, static_cast<workload::SessionClass>(c), 300'000);
    EXPECT_NEAR(moments[c].requests / drawn.requests, 1.0, 0.008) << c;
    EXPECT_NEAR(moments[c].input / drawn.input, 1.0, 0.025) << c;
    EXPECT_NEAR(moments[c].output / drawn.output, 1.0, 0.02) << c;
    EXPECT_NEAR(moments[c].hit / drawn.hit, 1.0, 0.03) << c;
    EXPECT_NEAR(moments[c].output_input / drawn.output_input, 1.0, 0.06) << c;
    EXPECT_NEAR(moments[c].pairs / drawn.pairs, 1.0, 0.06) << c;
  }
}

TEST(SessionMoments, AreTheSameWithASecondThread) {
  const SessionLaw law(day_mix(), 5);
  const MixMoments one = session_moments(law, kBlock, nullptr, 1U << 12U);
  base::Worker worker;
  const MixMoments two = session_moments(law, kBlock, &worker, 1U << 12U);
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    EXPECT_EQ(one[c].input, two[c].input);
    EXPECT_EQ(one[c].pairs, two[c].pairs);
  }
}

// One request of I = 100 and O = 4: sum over j = 1..4 of (100 + j) = 410, per output token 102.5.
TEST(SessionMoments, KvPerOutputTokenCountsPromptAndAnswerSoFar) {
  SessionTurn turn;
  turn.prompt = 100;
  turn.output = 4;
  SessionMoments moments;
  moments.add_turn(turn, kBlock, 1.0);
  EXPECT_DOUBLE_EQ(moments.kv_per_output_token(), 102.5);
  EXPECT_DOUBLE_EQ(moments.pairs, 5050.0);  // p = 0: q (q + 1) / 2
}

workload::WorkloadConfig published_day() {
  workload::WorkloadConfig config = day_mix();
  config.totals.input = 608'000'000'000;
  config.totals.output = 168'000'000'000;
  config.totals.kv_per_output_token = 4989.0;
  config.totals.hit_ratio = 0.563;
  return config;
}

// All totals to 0.2 %, judged by four times as many paths with the solved knobs.
TEST(TotalsSolver, MeetsThePublishedDay) {
  const SolvedMix solved = solve_totals(published_day(), 1, kBlock, nullptr);
  const MixMoments moments =
      session_moments(SessionLaw(solved.config, 1), kBlock, nullptr, 1U << 19U);
  SessionMoments day;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    day.add(moments[c], solved.sessions[c]);
  }
  EXPECT_NEAR(day.input / 608e9, 1.0, 0.002);
  EXPECT_NEAR(day.output / 168e9, 1.0, 0.002);
  EXPECT_NEAR(day.kv_per_output_token() / 4989.0, 1.0, 0.002);
  EXPECT_NEAR(day.hit_ratio() / 0.563, 1.0, 0.002);
  ASSERT_EQ(solved.totals.size(), 5U);  // and the number of requests
  for (const workload::SolvedTotal& total : solved.totals) {
    if (total.name == workload::kSolvedRequests) {
      continue;  // what the totals take, not one of them
    }
    EXPECT_NEAR(total.achieved / total.asked, 1.0, 1.1e-3) << total.name;
  }
  const workload::WorkloadConfig start = published_day();
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {  // the mix was nearly right before
    const auto& before = start.classes[c];
    const auto& after = solved.config.classes[c];
    for (const double factor : {after.output.median / before.output.median,
                                after.first_message.median / before.first_message.median,
                                after.later_message.median / before.later_message.median}) {
      EXPECT_GT(factor, 0.8) << c;
      EXPECT_LT(factor, 1.25) << c;
    }
  }
}

TEST(TotalsSolver, MeetsThePairsToo) {
  workload::WorkloadConfig config = published_day();
  config.totals.attention_pairs_per_computed_token = 4500.0;
  const SolvedMix solved = solve_totals(config, 1, kBlock, nullptr);
  ASSERT_EQ(solved.totals.size(), 6U);  // and the number of requests
  for (const workload::SolvedTotal& total : solved.totals) {
    if (total.name == workload::kSolvedRequests) {
      continue;  // what the totals take, not one of them
    }
    EXPECT_NEAR(total.achieved / total.asked, 1.0, 1.1e-3) << total.name;
  }
}

// Shares are of requests: requests of a class = session starts * mean turns.
TEST(TotalsSolver, SharesAreOfRequests) {
  workload::WorkloadConfig config = day_mix();
  config.totals.input = 1'000'000'000;
  const SolvedMix solved = solve_totals(config, 1, kBlock, nullptr);
  double requests = 0.0;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    requests += solved.sessions[c] * solved.moments[c].requests;
  }
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    EXPECT_NEAR(solved.sessions[c] * solved.moments[c].requests / requests,
                config.classes[c].request_share, 1e-9);
  }
  EXPECT_EQ(solved.config.classes[0].output.median, config.classes[0].output.median);
}

// Solutions are remembered: one must never be that of another question.
TEST(TotalsSolver, ARememberedSolutionIsThatOfItsQuestion) {
  workload::WorkloadConfig config = day_mix();
  config.totals.input = 10'000'000;
  const auto sessions = [](const workload::WorkloadConfig& asked, std::uint64_t seed = 1,
                           std::int64_t block = kBlock) {
    const SolvedMix mix = solve_totals(asked, seed, block, nullptr);
    return std::pair(mix.sessions, mix.moments[0].hit);
  };
  const auto first = sessions(config);
  EXPECT_EQ(sessions(config), first);

  using Change = void (*)(workload::WorkloadConfig& asked);
  for (const Change change : {
           +[](workload::WorkloadConfig& asked) { asked.classes[2].output.sigma = 0.5; },
           +[](workload::WorkloadConfig& asked) { *asked.totals.input += 1; },
           +[](workload::WorkloadConfig& asked) { asked.totals.hit_ratio = 0.5; },
           +[](workload::WorkloadConfig& asked) { asked.context_limit = 40'000; },
           +[](workload::WorkloadConfig& asked) { asked.output_limit_v3 = 1000; },
           +[](workload::WorkloadConfig& asked) { asked.output_limit_r1 = 1000; },
       }) {
    workload::WorkloadConfig other = config;
    change(other);
    EXPECT_NE(sessions(other), first);
  }
  EXPECT_NE(sessions(config, 2), first) << "other lengths of the templates";
  EXPECT_NE(sessions(config, 1, 128), first) << "fewer hits";
  EXPECT_EQ(sessions(config), first);
}

TEST(TotalsSolver, ARememberedSolutionHasTheRestOfTheLatestQuestion) {
  workload::WorkloadConfig config = day_mix();
  config.totals.input = 10'000'000;
  (void)solve_totals(config, 1, kBlock, nullptr);
  config.rate_scale = 3.0;
  config.warm_up = std::chrono::minutes(7);
  const SolvedMix mix = solve_totals(config, 1, kBlock, nullptr);
  EXPECT_EQ(mix.config.rate_scale, 3.0);
  EXPECT_EQ(mix.config.warm_up, config.warm_up);
  EXPECT_EQ(mix.config.hourly_shape, "flat");
}

TEST(TotalsSolver, SaysWhatCannotBeMet) {
  workload::WorkloadConfig config = published_day();
  config.totals.hit_ratio = 0.99;
  try {
    (void)solve_totals(config, 1, kBlock, nullptr);
    FAIL() << "99 % hits cannot be reached";
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("workload.totals.hit_ratio: asked 0.99, but with "
                                                 "the other totals about 0."));
  }
}

// What is refused names about what can be reached: 1 % more than that is met as nearly as can be,
// and said; 5 % more is refused.
TEST(TotalsSolver, ATotalJustOutOfReachIsMetAsNearlyAsCanBeAndSaid) {
  workload::WorkloadConfig config = published_day();
  const auto refusal = [&](double hit_ratio) -> std::string {
    config.totals.hit_ratio = hit_ratio;
    try {
      (void)solve_totals(config, 1, kBlock, nullptr);
      return "";
    } catch (const base::InputError& error) {
      return error.what();
    }
  };
  const std::string far = refusal(0.99);
  const std::size_t at = far.find("about ", far.find("hit_ratio"));
  ASSERT_NE(at, std::string::npos) << far;
  const double reachable = std::stod(far.substr(at + 6));
  EXPECT_NE(refusal(1.05 * reachable), "");
  config.totals.hit_ratio = 1.01 * reachable;
  const SolvedMix solved = solve_totals(config, 1, kBlock, nullptr);
  for (const workload::SolvedTotal& total : solved.totals) {
    if (total.name == workload::kSolvedRequests) {
      continue;  // what the totals take, not one of them
    }
    EXPECT_NEAR(total.achieved / total.asked, 1.0, 0.02) << total.name;
  }
  ASSERT_FALSE(solved.notes.empty());
  EXPECT_THAT(solved.notes.back(), testing::HasSubstr("and that is what is simulated"));
}

// Two thirds of the time to the next turn are years: drawing them would take as long.
TEST(SessionSource, ThinkTimesOfYearsAreRefusedNotDrawn) {
  SessionSourceSpec spec;
  spec.config = published_day();
  spec.config.classes[1].long_think.sigma = 5.0;
  spec.config.classes[1].long_think_share = 0.7;
  spec.duration = std::chrono::hours(24);
  spec.service = {1.0, 0.03};
  try {
    (void)make_session_source(spec);
    FAIL() << "a session for every second of years";
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("workload.classes.chat_r1.think: about "));
  }
}

TEST(TotalsSolver, NeedsInputOrOutput) {
  workload::WorkloadConfig config = day_mix();
  EXPECT_THROW((void)solve_totals(config, 1, kBlock, nullptr), base::InputError);
  config.totals.output = 1'000'000;
  EXPECT_NEAR(solve_totals(config, 1, kBlock, nullptr).totals.front().achieved, 1e6, 1.0);
}

}  // namespace
}  // namespace epfleet::sessions
