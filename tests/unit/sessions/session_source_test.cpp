// The stream of requests as the service sees it: laws that always hold, and the day it makes.
#include "epfleet/sessions/session_source.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "day_mix.h"
#include "epfleet/base/error.h"
#include "support/drive.h"
#include "support/temporary_file.h"

namespace epfleet::sessions {
namespace {

const ExpectedService kService{2.0, 0.045};

// One part in `scale` of the published day.
SessionSourceSpec small_day(std::int64_t scale) {
  SessionSourceSpec spec;
  spec.config = day_mix();
  spec.config.totals.input = 608'000'000'000 / scale;
  spec.duration = std::chrono::hours(24);
  spec.service = kService;
  return spec;
}

std::uint64_t mix_request(std::uint64_t hash, const workload::Request& r) {
  for (const std::uint64_t part :
       {r.id.value(), r.session.value(),
        static_cast<std::uint64_t>(r.arrival.time_since_epoch().count()),
        static_cast<std::uint64_t>(r.prefix.session_slot),
        static_cast<std::uint64_t>(r.prompt_tokens), static_cast<std::uint64_t>(r.output_tokens),
        static_cast<std::uint64_t>(r.prefix.session_tokens)}) {
    hash = base::mix64(hash ^ part);
  }
  return hash;
}

std::uint64_t fingerprint(const SessionSourceSpec& spec) {
  const auto source = make_session_source(spec);
  std::uint64_t hash = 0;
  for (const workload::Request& request :
       test::drive(*source, kService, base::kWindowStart + std::chrono::hours(1))) {
    hash = mix_request(hash, request);
  }
  return hash;
}

// Arrivals never go back; ids count up from 0; a session's turns count up and reuse at most what
// was there; a slot belongs to one session at a time; `returns` announces whether another turn
// comes.
TEST(SessionSource, LawsOfTheStream) {
  const auto source = make_session_source(small_day(20000));
  struct Last {
    workload::Request request;
  };
  std::map<base::SessionId, Last> sessions;
  std::map<std::uint32_t, base::SessionId> tenant;
  base::TimePoint last = base::TimePoint::min();
  std::uint64_t id = 0;
  for (const workload::Request& r :
       test::drive(*source, kService, base::kWindowStart + std::chrono::hours(24))) {
    EXPECT_EQ(r.id.value(), id++);
    EXPECT_GE(r.arrival, last);
    last = r.arrival;
    EXPECT_GE(r.output_tokens, 1);
    EXPECT_GT(r.prompt_tokens, 0);
    EXPECT_LE(r.prompt_tokens + r.output_tokens, 65536);
    EXPECT_LE(r.prefix.session_tokens, r.prompt_tokens);
    EXPECT_LT(r.prefix.shared_id, source->shared_prefixes());
    const auto before = sessions.find(r.session);
    if (before == sessions.end()) {
      EXPECT_TRUE(r.prefix.first_turn || r.session.value() % 8 >= 4)
          << "or it began before the start";
      EXPECT_EQ(r.prefix.first_turn, r.turn == 0);
    } else {
      const workload::Request& prior = before->second.request;
      EXPECT_TRUE(prior.prefix.returns);
      EXPECT_EQ(r.turn, prior.turn + 1);
      EXPECT_EQ(r.prefix.session_slot, prior.prefix.session_slot);
      EXPECT_EQ(r.variant, prior.variant);
      EXPECT_LE(r.prefix.session_tokens, prior.prompt_tokens + prior.output_tokens);
      EXPECT_GE(r.arrival,
                prior.arrival + base::duration_from_seconds(kService.seconds(prior.output_tokens)));
    }
    const auto holder = tenant.find(r.prefix.session_slot);
    if (holder != tenant.end() && holder->second != r.session) {
      EXPECT_FALSE(sessions.at(holder->second).request.prefix.returns);
      EXPECT_TRUE(r.prefix.first_turn);
    }
    tenant[r.prefix.session_slot] = r.session;
    sessions[r.session] = {r};
  }
  EXPECT_GT(id, 5000U);
}

TEST(SessionSource, SameSeedSameRequestsWithAndWithoutAThread) {
  SessionSourceSpec spec = small_day(2000);
  const std::uint64_t one = fingerprint(spec);
  EXPECT_EQ(one, fingerprint(spec));
  base::Worker worker;
  spec.worker = &worker;
  EXPECT_EQ(one, fingerprint(spec));
  spec.seed = 2;
  EXPECT_NE(one, fingerprint(spec));
}

TEST(SessionSource, EachRequestCompletesOnce) {
  const auto source = make_session_source(small_day(20000));
  const workload::Request request = source->take();
  EXPECT_THROW(source->complete(request, request.arrival - base::Duration(1)),
               base::InvariantBroken);
  source->complete(request, request.arrival);
  EXPECT_THROW(source->complete(request, request.arrival), base::InvariantBroken);
}

TEST(SessionSource, ASourceCanBeDroppedAtAnyTime) {
  SessionSourceSpec spec = small_day(2000);
  base::Worker worker;
  spec.worker = &worker;
  const auto source = make_session_source(spec);
  (void)source->take();
}

// A class's starts and draws do not move when another class is left out: the same API sessions come
// at the same times (rates are kept by scaling the asked total to the API's own input).
TEST(SessionSource, AClassCanBeLeftOut) {
  SessionSourceSpec both = small_day(20000);
  const SessionPlan plan = plan_sessions(both);
  SessionSourceSpec alone = both;
  for (const workload::SessionClass of :
       {workload::SessionClass::ChatR1, workload::SessionClass::ChatV3,
        workload::SessionClass::Agent}) {
    alone.config.classes[static_cast<std::size_t>(of)].request_share = 0.0;
  }
  alone.config.totals.input =
      static_cast<std::int64_t>(plan.mix.sessions[0] * plan.mix.moments[0].input);
  const auto pick = [](const SessionSourceSpec& spec) {
    const auto source = make_session_source(spec);
    std::vector<std::int32_t> outputs;
    for (const workload::Request& r :
         test::drive(*source, kService, base::kWindowStart + std::chrono::hours(1))) {
      if (SessionLaw::class_of(r.session) == workload::SessionClass::Api) {
        outputs.push_back(r.output_tokens);
      }
    }
    return outputs;
  };
  const auto from_both = pick(both);
  const auto from_alone = pick(alone);
  const std::size_t n = std::min(from_both.size(), from_alone.size());
  ASSERT_GT(n, 100U);
  EXPECT_NEAR(static_cast<double>(from_both.size()), static_cast<double>(from_alone.size()), 2.0);
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_EQ(from_both[i], from_alone[i]);
  }
}

TEST(SessionSource, RateScaleMultipliesArrivals) {
  SessionSourceSpec spec = small_day(2000);
  const auto hour = base::kWindowStart + std::chrono::hours(1);
  const double one =
      static_cast<double>(test::drive(*make_session_source(spec), kService, hour).size());
  spec.config.rate_scale = 0.5;
  const double half =
      static_cast<double>(test::drive(*make_session_source(spec), kService, hour).size());
  EXPECT_NEAR(half / one, 0.5, 0.02);  // 4,700 requests: sd of the ratio 0.008
}

// Worth of the tokens served in each hour = the asked shape. At 1/200 of the day an hour's worth
// has, over 12 seeds, sd 1.1 % at the mean and 2.0 % in the trough; 4.5 sd allowed. Totals of the
// day: input, which long conversations carry, has sd 0.8 %, output 0.2 %, hit ratio 0.004; 4 sd or
// more allowed.
TEST(SessionSource, ServesTheAskedShapeOfTheDay) {
  std::string csv = "hour,theoretical_income_usd\n";
  std::array<double, 24> shape{};
  for (std::size_t hour = 0; hour < 24; ++hour) {
    shape[hour] = hour >= 14 && hour < 19 ? 300.0 : 1200.0;
    csv += std::to_string(hour) + "," + std::to_string(shape[hour]) + "\n";
  }
  const test::TemporaryFile file(csv);
  SessionSourceSpec spec = small_day(200);
  spec.config.hourly_shape = file.path();
  spec.config.totals.output = 168'000'000'000 / 200;
  spec.config.totals.hit_ratio = 0.563;
  std::array<double, 24> worth{};
  double input = 0.0;
  double output = 0.0;
  double hit = 0.0;
  const auto source = make_session_source(spec);
  const double weight_sum = 19 * 1200.0 + 5 * 300.0;
  for (const workload::Request& r :
       test::drive(*source, kService, base::kWindowStart + spec.duration)) {
    SessionTurn turn;
    turn.turn = r.turn > 0 ? 1 : 0;
    turn.prompt = r.prompt_tokens;
    turn.reusable = r.prefix.session_tokens;
    turn.shared_tokens = r.prefix.shared_tokens;
    const auto p = static_cast<double>(ideal_hit_tokens(turn, 64));
    const double served_s = base::to_seconds(r.arrival) + 2.0;
    const auto add = [&](double at_s, double amount) {
      if (at_s >= 0.0 && at_s < 86400.0) {
        worth[static_cast<std::size_t>(at_s / 3600.0)] += amount;
      }
    };
    add(served_s, 0.14 * p + 0.55 * (r.prompt_tokens - p));
    add(served_s + 0.5 * 0.045 * r.output_tokens, 2.19 * r.output_tokens);
    if (r.arrival >= base::kWindowStart) {
      input += r.prompt_tokens;
      output += r.output_tokens;
      hit += p;
    }
  }
  EXPECT_NEAR(input / (608e9 / 200.0), 1.0, 0.04);
  EXPECT_NEAR(output / (168e9 / 200.0), 1.0, 0.012);
  EXPECT_NEAR(hit / input, 0.563, 0.012);
  double all = 0.0;
  for (const double amount : worth) {
    all += amount;
  }
  for (std::size_t hour = 0; hour < 24; ++hour) {
    const double share = shape[hour] / weight_sum;
    EXPECT_NEAR(worth[hour] / all / share, 1.0, 0.05 / std::sqrt(share * 24.0)) << hour;
  }
}

// Sums over the requests of a span, and sums of squares of the sessions' parts in them: the
// sessions are independent, so the variance of a sum is about the sum of its parts' squares.
struct Measured {
  struct Sum {
    double sum = 0.0, squares = 0.0;
    void add(double part) {
      sum += part;
      squares += part * part;
    }
  };
  Sum requests, later, known;

  void add(const std::vector<workload::Request>& taken, base::TimePoint from,
           base::TimePoint until) {
    struct Part {
      double requests = 0.0, later = 0.0, known = 0.0;
    };
    std::map<base::SessionId, Part> parts;
    for (const workload::Request& r : taken) {
      if (r.arrival >= from && r.arrival < until) {
        Part& part = parts[r.session];
        part.requests += 1.0;
        part.later += r.turn > 0 ? 1.0 : 0.0;
        part.known += r.prefix.session_tokens;
      }
    }
    for (const auto& [id, part] : parts) {
      requests.add(part.requests);
      later.add(part.later);
      known.add(part.known);
    }
  }
};

void expect_alike(const Measured::Sum& one, const Measured::Sum& other, const char* what) {
  EXPECT_NEAR(one.sum, other.sum, 4.0 * std::sqrt(one.squares + other.squares)) << what;
}

// A warm source against one that began two days earlier with nothing known: requests a minute,
// later turns and tokens that can be hit in the first minutes and the first half hour, within 4 sd.
TEST(SessionSource, AWarmStartLooksLikeTwoDaysBefore) {
  const auto minutes = [](int count) { return base::kWindowStart + std::chrono::minutes(count); };
  SessionSourceSpec spec = small_day(400);
  spec.config.warm_up = base::Duration::zero();
  spec.config.look_back = std::chrono::hours(48);
  const auto after_warm = test::drive(*make_session_source(spec), kService, minutes(30));
  spec.seed = 2;
  spec.config.warm_up = std::chrono::hours(48);
  spec.config.look_back = base::Duration::zero();
  const auto after_run = test::drive(*make_session_source(spec), kService, minutes(30));
  for (const auto& [from, until] : {std::pair(0, 3), std::pair(3, 10), std::pair(10, 30)}) {
    Measured warm;
    Measured run;
    warm.add(after_warm, minutes(from), minutes(until));
    run.add(after_run, minutes(from), minutes(until));
    EXPECT_GT(warm.later.sum, 150.0);
    expect_alike(warm.requests, run.requests, "requests");
    expect_alike(warm.later, run.later, "later turns");
    expect_alike(warm.known, run.known, "tokens that can be hit");
  }
}

}  // namespace
}  // namespace epfleet::sessions
