// The direct draw of sleepers against the plain one: all sessions of the look-back, followed turn
// by turn.
#include "epfleet/sessions/warm_start.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "day_mix.h"
#include "epfleet/sessions/start_stream.h"
#include "support/drive.h"
#include "support/temporary_file.h"

namespace epfleet::sessions {
namespace {

SessionSourceSpec spec_of(std::uint64_t seed, const std::string& shape) {
  SessionSourceSpec spec;
  spec.config = day_mix();
  spec.config.totals.input = 608'000'000'000 / 100;
  spec.config.hourly_shape = shape;
  spec.config.look_back = std::chrono::hours(48);  // the plain draw costs all session starts of it
  spec.duration = std::chrono::hours(24);
  spec.seed = seed;
  return spec;
}

// Counts and sums over a set of sleepers, in parts by how soon they wake.
struct Census {
  static constexpr std::size_t kParts = 4;
  struct Sum {
    std::array<double, kParts> sum{}, squares{};
    void add(std::size_t part, double value) {
      sum[part] += value;
      squares[part] += value * value;
    }
  };
  Sum count, tokens, age_s, turns, turns_left;

  void add(const SessionTurn& turn, double wake_s, double age) {
    const std::size_t part = wake_s < 120.0 ? 0 : wake_s < 1200.0 ? 1 : wake_s < 14400.0 ? 2 : 3;
    count.add(part, 1.0);
    tokens.add(part, turn.reusable);
    age_s.add(part, age);
    turns.add(part, turn.turn);
    turns_left.add(part, turn.turns - turn.turn);
  }
};

Census plain_census(const SessionSourceSpec& spec, const SessionPlan& plan, const SessionLaw& law,
                    base::TimePoint start) {
  Census census;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    const auto of = static_cast<workload::SessionClass>(c);
    StartStream starts(plan.starts, plan.starts_per_day[c], start - spec.config.look_back, start,
                       base::Stream(base::StreamFamily(99, "plain"), c));
    std::uint64_t ordinal = 1'000'000;
    for (auto arrival = starts.next(); arrival; arrival = starts.next()) {
      const base::SessionId id = SessionLaw::session_id(of, false, ordinal++);
      SessionTurn turn = law.first_turn(id);
      double at = base::to_seconds(*arrival - start);
      for (auto next = law.following(turn); next.output > 0; next = law.following(turn)) {
        const double done = at + spec.service.seconds(turn.output);
        const double used =
            turn.variant == workload::Variant::V3 ? done : at + spec.service.prefill_s;
        at = done + law.think_seconds(id, turn.turn);
        turn = SessionLaw::advance(turn, next);
        if (at >= 0.0) {
          census.add(turn, at, std::max(-used, 0.0));
          break;
        }
      }
    }
  }
  return census;
}

// Sums over a Poisson number of sleepers differ by sd = sqrt(sums of squares); 4.5 sd allowed.
void expect_alike(const Census::Sum& direct, const Census::Sum& plain, const char* what) {
  for (std::size_t part = 0; part < Census::kParts; ++part) {
    EXPECT_NEAR(direct.sum[part], plain.sum[part],
                4.5 * std::sqrt(direct.squares[part] + plain.squares[part]))
        << what << " of part " << part;
  }
}

TEST(WarmStart, DirectDrawHasTheLawOfTheDaysBefore) {
  std::string csv = "theoretical_income_usd\n";
  for (int hour = 0; hour < 24; ++hour) {
    csv += hour >= 17 && hour < 22 ? "200\n" : "1000\n";  // the start follows soon after a trough
  }
  const test::TemporaryFile file(csv);
  for (const std::string& shape : {std::string("flat"), file.path()}) {
    const SessionSourceSpec spec = spec_of(11, shape);
    const SessionPlan plan = plan_sessions(spec);
    const SessionLaw law(plan.mix.config, spec.seed);
    const base::TimePoint start = base::kWindowStart - spec.config.warm_up.value();
    Census direct;
    for (const Sleeper& sleeper : draw_sleepers(spec, plan, law, start)) {
      EXPECT_GE(sleeper.wake, start);
      EXPECT_LE(sleeper.last_use, start);
      direct.add(sleeper.turn, base::to_seconds(sleeper.wake - start),
                 base::to_seconds(start - sleeper.last_use));
    }
    const Census plain = plain_census(spec, plan, law, start);
    EXPECT_GT(direct.count.sum[0], 300.0);
    expect_alike(direct.count, plain.count, "number");
    expect_alike(direct.tokens, plain.tokens, "stored tokens");
    expect_alike(direct.age_s, plain.age_s, "time since last use");
    expect_alike(direct.turns, plain.turns, "turns so far");
    expect_alike(direct.turns_left, plain.turns_left, "turns to come");
  }
}

// With a service of a year a check of the scenario took half a minute, or was refused as too many
// sessions under way: all but those of the look-back were drawn in vain.
TEST(WarmStart, AServiceThatOutlastsTheLookBackIsNotDrawnInVain) {
  SessionSourceSpec spec = spec_of(11, "flat");
  spec.service.prefill_s = 3e7;
  const SessionPlan plan = plan_sessions(spec);
  const SessionLaw law(plan.mix.config, spec.seed);
  const auto sleepers = draw_sleepers(spec, plan, law, base::kWindowStart);
  ASSERT_FALSE(sleepers.empty());
  double second_turns = 0.0;
  for (const Sleeper& sleeper : sleepers) {
    EXPECT_GT(sleeper.wake, base::kWindowStart + std::chrono::hours(24 * 300));
    second_turns += sleeper.turn.turn == 1 ? 1.0 : 0.0;
  }
  // All that started within the look-back and will have a second turn; none has had it.
  double expected = 0.0;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    expected += 2.0 * plan.starts_per_day[c] *
                law.turn_counts(static_cast<workload::SessionClass>(c)).at_least(2);
  }
  EXPECT_EQ(second_turns, static_cast<double>(sleepers.size()));
  EXPECT_NEAR(second_turns / expected, 1.0, 0.02);  // sd 0.3 %; the context ends some
}

// Flat starts: what ends per bucket = starts per second * E[own tokens of an ended session] * 300
// s, the same in every bucket; over the look-back that is 2 days of starts.
TEST(WarmStart, TotalsAreTheTokensOfEndedSessions) {
  const SessionSourceSpec spec = spec_of(11, "flat");
  const SessionPlan plan = plan_sessions(spec);
  const SessionLaw law(plan.mix.config, spec.seed);
  double expected = 0.0;
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    const auto of = static_cast<workload::SessionClass>(c);
    constexpr std::uint64_t kSessions = 100'000;
    double own = 0.0;
    for (std::uint64_t i = 0; i < kSessions; ++i) {
      SessionTurn turn = law.first_turn(SessionLaw::session_id(of, false, i));
      for (auto next = law.following(turn); next.output > 0; next = law.following(turn)) {
        turn = SessionLaw::advance(turn, next);
      }
      own += reusable_after(turn) - turn.shared_tokens;
    }
    expected += 2.0 * plan.starts_per_day[c] * own / kSessions;
  }
  const auto totals = expected_warm_totals(spec, plan, base::kWindowStart);
  ASSERT_EQ(totals.size(), 576U);
  double sum = 0.0;
  for (const workload::WarmTotal& total : totals) {
    sum += static_cast<double>(total.tokens);
  }
  EXPECT_NEAR(sum / expected, 1.0, 0.01);  // sd of the plain estimate 0.3 %
  EXPECT_NEAR(static_cast<double>(totals[7].tokens) * 576.0 / sum, 1.0, 1e-3);
  EXPECT_EQ(totals.back().last_use, base::kWindowStart - std::chrono::seconds(150));
  EXPECT_EQ(totals.front().last_use,
            base::kWindowStart - std::chrono::hours(48) + std::chrono::seconds(150));
}

}  // namespace
}  // namespace epfleet::sessions
