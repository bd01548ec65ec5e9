// Turn by turn: what is carried, what can be reused, where a session ends.
#include "epfleet/sessions/session_law.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "day_mix.h"

namespace epfleet::sessions {
namespace {

base::SessionId chat(workload::SessionClass of, std::uint64_t ordinal) {
  return SessionLaw::session_id(of, false, ordinal);
}

// prompt(k + 1) > prompt(k) + carried(k), carried = output (V3) or output - reasoning (R1);
// reusable(k + 1) = prompt(k) + output(k) (V3) or prompt(k) (R1), never above what was there.
TEST(SessionLaw, CarriesTheAnswerAndReusesWhatTheNextPromptBeginsWith) {
  const SessionLaw law(day_mix(), 1);
  int turns_seen = 0;
  for (const workload::SessionClass of :
       {workload::SessionClass::ChatR1, workload::SessionClass::ChatV3,
        workload::SessionClass::Agent}) {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      SessionTurn turn = law.first_turn(chat(of, i));
      EXPECT_EQ(turn.reusable, 0);
      EXPECT_LE(turn.shared_tokens, turn.prompt);
      for (auto next = law.following(turn); next.output > 0; next = law.following(turn)) {
        const std::int32_t carried = turn.output - law.reasoning_tokens(turn);
        EXPECT_GT(next.prompt, turn.prompt + carried);
        const SessionTurn after = SessionLaw::advance(turn, next);
        EXPECT_EQ(after.turn, turn.turn + 1);
        if (turn.variant == workload::Variant::V3) {
          EXPECT_EQ(after.reusable, turn.prompt + turn.output);
        } else {
          EXPECT_EQ(after.reusable, turn.prompt);
        }
        EXPECT_LE(after.reusable, after.prompt);
        EXPECT_LE(after.prompt + after.output, 65536);
        turn = after;
        ++turns_seen;
      }
      EXPECT_LE(turn.turn + 1, turn.turns);
    }
  }
  EXPECT_GT(turns_seen, 10000);
}

TEST(SessionLaw, R1ReasonsForItsShareOfTheAnswerAndV3DoesNot) {
  const SessionLaw law(day_mix(), 1);
  SessionTurn turn;
  turn.session = chat(workload::SessionClass::ChatR1, 0);
  turn.output = 1000;
  turn.variant = workload::Variant::R1;
  EXPECT_EQ(law.reasoning_tokens(turn), 700);
  turn.output = 1001;
  EXPECT_EQ(law.reasoning_tokens(turn), 701);  // of 700.7
  turn.variant = workload::Variant::V3;
  EXPECT_EQ(law.reasoning_tokens(turn), 0);
}

// A first prompt longer than the context is cut to leave one token of answer; a later one ends the
// session.
TEST(SessionLaw, TheContextLimitCutsTheFirstTurnAndEndsTheSessionLater) {
  workload::WorkloadConfig config = day_mix();
  workload::SessionClassConfig& agent =
      config.classes[static_cast<std::size_t>(workload::SessionClass::Agent)];
  agent.system_prompt = 0;
  agent.first_message = {70000.0, 0.0};
  agent.message_cap = 70000;
  const SessionTurn cut = SessionLaw(config, 1).first_turn(chat(workload::SessionClass::Agent, 0));
  EXPECT_EQ(cut.prompt, 65535);
  EXPECT_EQ(cut.output, 1);

  agent.first_message = {20000.0, 0.0};
  agent.later_message = {20000.0, 0.0};
  agent.output = {5000.0, 0.0};
  const SessionLaw law(config, 1);
  FirstDraws draws;
  draws.turns = 1e-9;  // a long session
  SessionTurn turn = law.first_turn(chat(workload::SessionClass::Agent, 0), draws);
  const TurnLengths second = law.following(turn, {});
  EXPECT_EQ(second.prompt, 45000);  // 20000 + 5000 + 20000, and 5000 to come: 50000 <= 65536
  turn = SessionLaw::advance(turn, second);
  EXPECT_EQ(law.following(turn, {}).output, 0);  // 70000 + 5000 > 65536
}

TEST(SessionLaw, AnswersAreCappedByVariant) {
  workload::WorkloadConfig config = day_mix();
  for (workload::SessionClassConfig& of : config.classes) {
    of.output = {1e6, 0.0};
  }
  const SessionLaw law(config, 1);
  EXPECT_EQ(law.first_turn(chat(workload::SessionClass::ChatV3, 0)).output, 8192);
  EXPECT_EQ(law.first_turn(chat(workload::SessionClass::ChatR1, 0)).output, 32768);
}

// Popularity-weighted mean template length = the configured 1,500; the most popular of 3,000
// templates with exponent 1 has a share of 1 / H(3000) = 1 / 8.584 = 0.1165.
TEST(SessionLaw, TemplatesHaveTheirMeanLengthAndPopularity) {
  const SessionLaw law(day_mix(), 3);
  constexpr int kDraws = 400000;
  double tokens = 0.0;
  int first = 0;
  for (int i = 0; i < kDraws; ++i) {
    FirstDraws draws;
    draws.shared = (i + 0.5) / kDraws;
    const SessionTurn turn = law.first_turn(chat(workload::SessionClass::Api, 0), draws);
    tokens += turn.shared_tokens;
    first += turn.shared_id / workload::kVariants == 0 ? 1 : 0;
    ASSERT_LT(turn.shared_id, law.shared_prefixes());
  }
  EXPECT_NEAR(tokens / kDraws, 1500.0, 2.0);
  EXPECT_NEAR(static_cast<double>(first) / kDraws, 0.1165, 0.0005);
}

// Two variants of 3,000 templates and of three system prompts.
TEST(SessionLaw, SharedPrefixesAreDenseAndApartByVariant) {
  const SessionLaw law(day_mix(), 3);
  EXPECT_EQ(law.shared_prefixes(), 2U * 3003U);
  EXPECT_NE(law.first_turn(chat(workload::SessionClass::ChatR1, 0)).shared_id,
            law.first_turn(chat(workload::SessionClass::ChatV3, 0)).shared_id);
}

// r1_share = 0.5 of the API sessions; all of them on the API channel; half of the chats in the app.
TEST(SessionLaw, VariantsAndChannelsHaveTheirShares) {
  const SessionLaw law(day_mix(), 1);
  constexpr int kSessions = 100000;
  int r1 = 0;
  int app = 0;
  for (std::uint64_t i = 0; i < kSessions; ++i) {
    const SessionTurn api = law.first_turn(chat(workload::SessionClass::Api, i));
    EXPECT_EQ(api.channel, workload::Channel::Api);
    r1 += api.variant == workload::Variant::R1 ? 1 : 0;
    app += law.first_turn(chat(workload::SessionClass::ChatR1, i)).channel == workload::Channel::App
               ? 1
               : 0;
  }
  EXPECT_NEAR(r1, 0.5 * kSessions, 5 * 158);  // sd = sqrt(n / 4) = 158
  EXPECT_NEAR(app, 0.5 * kSessions, 5 * 158);
}

// One draw makes both choices.
TEST(SessionLaw, AVariantHasNoChannelThatItPrefers) {
  workload::WorkloadConfig mix = day_mix();
  workload::SessionClassConfig& chats =
      mix.classes[static_cast<std::size_t>(workload::SessionClass::ChatR1)];
  chats.r1_share = 0.4;
  const SessionLaw law(mix, 1);
  constexpr int kSessions = 100000;
  int app_of_r1 = 0, app_of_v3 = 0;
  for (std::uint64_t i = 0; i < kSessions; ++i) {
    const SessionTurn turn = law.first_turn(chat(workload::SessionClass::ChatR1, i));
    if (turn.channel == workload::Channel::App) {
      ++(turn.variant == workload::Variant::R1 ? app_of_r1 : app_of_v3);
    }
  }
  EXPECT_NEAR(app_of_r1, 0.4 * 0.5 * kSessions, 5 * 127);  // sd = sqrt(n p (1 - p)) = 127
  EXPECT_NEAR(app_of_v3, 0.6 * 0.5 * kSessions, 5 * 145);
}

TEST(SessionLaw, DrawsArePureFunctionsOfSeedSessionAndTurn) {
  const SessionLaw one(day_mix(), 1);
  const SessionLaw same(day_mix(), 1);
  const SessionLaw other(day_mix(), 2);
  int differ = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const base::SessionId id = chat(workload::SessionClass::ChatR1, i);
    EXPECT_EQ(one.first_turn(id).output, same.first_turn(id).output);
    EXPECT_EQ(one.think_seconds(id, 3), same.think_seconds(id, 3));
    differ += one.first_turn(id).output != other.first_turn(id).output ? 1 : 0;
  }
  EXPECT_GT(differ, 90);
}

// Mean think = 0.88 * 75 exp(1.05^2 / 2) + 0.12 * 10800 exp(1.3^2 / 2) = 114.5 + 3017.2 s.
TEST(SessionLaw, ThinkTimesMixUsualAndLongReturns) {
  const SessionLaw law(day_mix(), 1);
  constexpr int kPoints = 1'000'000;
  double sum = 0.0;
  for (int i = 0; i < kPoints; ++i) {
    sum += law.think_seconds(workload::SessionClass::ChatV3, (i + 0.5) / kPoints);
  }
  EXPECT_NEAR(sum / kPoints, 114.5 + 3017.2, 10.0);
}

// Whole blocks of what is known, but at least one token is computed.
TEST(IdealHitTokens, AreWholeBlocksBelowThePrompt) {
  SessionTurn turn;
  turn.prompt = 1000;
  turn.shared_tokens = 200;
  EXPECT_EQ(ideal_hit_tokens(turn, 64), 192);
  turn.turn = 1;
  turn.reusable = 999;
  EXPECT_EQ(ideal_hit_tokens(turn, 64), 960);
  turn.prompt = 960;
  turn.reusable = 960;
  EXPECT_EQ(ideal_hit_tokens(turn, 64), 896);
}

}  // namespace
}  // namespace epfleet::sessions
