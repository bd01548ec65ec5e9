// Traffic in plain numbers: lengths have their mean, arrivals their rate and burstiness, a closed
// loop its clients, and a stated number of requests is that number.
#include "epfleet/sessions/plain_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include "epfleet/sessions/length_law.h"
#include "epfleet/sessions/plain_arrivals.h"

namespace epfleet::sessions {
namespace {

using namespace std::chrono_literals;
using base::kWindowStart;
using workload::ArrivalProcess;
using workload::LengthConfig;
using workload::LengthShape;
using workload::PlainConfig;
using workload::Request;

PlainSourceSpec spec_of(const PlainConfig& plain, base::Duration warm_up = {}) {
  PlainSourceSpec spec;
  spec.config.source = workload::SourceKind::Plain;
  spec.config.plain = plain;
  spec.config.warm_up = warm_up;
  return spec;
}

PlainConfig at_rate(double rate) {
  PlainConfig plain;
  plain.rate = rate;
  plain.input.mean = 4000.0;
  plain.output.mean = 1100.0;
  return plain;
}

// All requests before `until`, each answered `service` after it came.
std::vector<Request> play(PlainSource& source, base::Duration until, base::Duration service = 1s) {
  std::vector<Request> all;
  std::deque<Request> served;
  for (;;) {
    const auto next = source.next_arrival();
    if (!served.empty() && (!next || served.front().arrival + service <= *next)) {
      source.complete(served.front(), served.front().arrival + service);
      served.pop_front();
      continue;
    }
    if (!next || *next >= kWindowStart + until) {
      return all;
    }
    all.push_back(source.take());
    served.push_back(all.back());
  }
}

std::vector<base::TimePoint> times(const std::vector<Request>& requests) {
  std::vector<base::TimePoint> all;
  std::ranges::transform(requests, std::back_inserter(all), &Request::arrival);
  return all;
}

// Mean and standard deviation over evenly spread u.
std::pair<double, double> moments(const LengthConfig& config) {
  const LengthLaw law(config);
  constexpr int kPoints = 1'000'000;
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < kPoints; ++i) {
    const auto x = static_cast<double>(law.draw((i + 0.5) / kPoints));
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kPoints;
  return {mean, std::sqrt(squares / kPoints - mean * mean)};
}

TEST(LengthLaw, HasItsMeanAlsoWithinLimits) {
  EXPECT_NEAR(moments({.mean = 4000.0, .cv = 1.0}).first, 4000.0, 4.0);
  EXPECT_NEAR(moments({.mean = 4000.0, .cv = 1.0}).second, 4000.0, 40.0);
  const LengthConfig cut{.mean = 4000.0, .cv = 2.0, .min = 500, .max = 8000};
  EXPECT_NEAR(moments(cut).first, 4000.0, 4.0);
  const LengthLaw law(cut);
  EXPECT_EQ(law.draw(1e-9), 500);
  EXPECT_EQ(law.draw(1.0 - 1e-9), 8000);
  EXPECT_NEAR(moments({.min = 100, .max = 300}).first, 200.0, 0.1);
  EXPECT_NEAR(moments({.min = 100, .max = 300}).second, 201.0 / std::sqrt(12.0), 0.1);
  EXPECT_NEAR(moments({.mean = 10.25}).first, 10.25, 1e-3);
  EXPECT_EQ(LengthLaw({.mean = 4000.0}).draw(0.999), 4000);
}

// A test of the draws' whole law: gamma of shape 4 and of shape 1/4, by three moments.
TEST(UnitGamma, HasTheMomentsOfItsLaw) {
  for (const double cv : {0.5, 2.0}) {
    const base::StreamFamily family(1, "test.gamma");
    constexpr int kDraws = 400'000;
    double sum = 0.0, squares = 0.0, cubes = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      base::Stream stream(family, static_cast<std::uint64_t>(i));
      const double x = unit_gamma(cv, stream);
      sum += x;
      squares += x * x;
      cubes += x * x * x;
    }
    const double theta = cv * cv;  // E x^2 = 1 + theta, E x^3 = (1 + theta)(1 + 2 theta)
    EXPECT_NEAR(sum / kDraws, 1.0, 5.0 * cv / std::sqrt(kDraws));
    EXPECT_NEAR(squares / kDraws / (1.0 + theta), 1.0, 0.03);
    EXPECT_NEAR(cubes / kDraws / ((1.0 + theta) * (1.0 + 2.0 * theta)), 1.0, 0.08);
  }
}

TEST(PlainArrivals, OfAConstantProcessAreEvenlySpacedFromHalfAGapOn) {
  PlainConfig plain = at_rate(4.0);
  plain.process = ArrivalProcess::Constant;
  auto source = make_plain_source(spec_of(plain, 1s));
  const auto at = times(play(*source, 1s));
  ASSERT_EQ(at.size(), 8U);
  for (std::size_t i = 0; i < at.size(); ++i) {
    EXPECT_EQ(at[i] - kWindowStart, 250ms * static_cast<int>(i) + 125ms - 1s);
  }
}

// Requests in each of many seconds: their variance over their mean is cv^2 of the gaps for long
// windows (renewal theory).
double dispersion(PlainConfig plain, double* mean) {
  auto source = make_plain_source(spec_of(plain));
  std::vector<double> counts(4000, 0.0);
  for (const Request& request : play(*source, 4000s)) {
    counts[static_cast<std::size_t>((request.arrival - kWindowStart) / 1s)] += 1.0;
  }
  double sum = 0.0, squares = 0.0;
  for (const double count : counts) {
    sum += count;
    squares += count * count;
  }
  *mean = sum / 4000.0;
  return (squares / 4000.0 - *mean * *mean) / *mean;
}

TEST(PlainArrivals, HaveTheRateAndTheBurstinessAskedFor) {
  PlainConfig plain = at_rate(100.0);
  double mean = 0.0;
  EXPECT_NEAR(dispersion(plain, &mean), 1.0, 0.08);
  EXPECT_NEAR(mean, 100.0, 0.7);
  plain.process = ArrivalProcess::Gamma;
  plain.cv = 1.0;
  EXPECT_NEAR(dispersion(plain, &mean), 1.0, 0.08);
  plain.cv = 2.0;
  EXPECT_NEAR(dispersion(plain, &mean), 4.0, 0.4);
  EXPECT_NEAR(mean, 100.0, 1.3);
  plain.cv = 0.5;
  EXPECT_NEAR(dispersion(plain, &mean), 0.25, 0.03);
}

TEST(PlainArrivals, FollowStagesAndRamps) {
  PlainConfig plain = at_rate(1.0);
  plain.rate.reset();
  plain.process = ArrivalProcess::Constant;
  plain.stages = {{.length = 10s, .rate = 10.0},
                  {.length = 10s, .rate = 0.0},
                  {.length = 20s, .to = 100.0},
                  {.length = 10s, .rate = 5.0}};
  auto source = make_plain_source(spec_of(plain));
  const auto requests = play(*source, 60s);
  const auto within = [&](base::Duration from, base::Duration to) {
    return std::ranges::count_if(requests, [&](const Request& request) {
      return request.arrival >= kWindowStart + from && request.arrival < kWindowStart + to;
    });
  };
  EXPECT_EQ(within(0s, 10s), 100);
  EXPECT_EQ(within(10s, 20s), 0);
  EXPECT_EQ(within(20s, 30s), 250);  // a ramp: t^2 * 100 / 20 / 2
  EXPECT_EQ(within(30s, 40s), 750);
  EXPECT_EQ(within(40s, 50s), 50);
  EXPECT_EQ(within(50s, 60s), 50);  // the last rate goes on
  EXPECT_NEAR(PlainArrivals(plain, 1.0, 1, {}).expected(30s), 350.0, 1e-9);
}

TEST(PlainSource, TheWarmUpMovesNoRequestOfTheWindow) {
  const PlainConfig plain = at_rate(50.0);
  auto cold = make_plain_source(spec_of(plain));
  auto warm = make_plain_source(spec_of(plain, 30s));
  const auto alone = play(*cold, 20s);
  auto with = play(*warm, 20s);
  const auto before = std::ranges::count_if(
      with, [](const Request& request) { return request.arrival < kWindowStart; });
  EXPECT_NEAR(static_cast<double>(before), 1500.0, 200.0);
  with.erase(with.begin(), with.begin() + before);
  EXPECT_EQ(times(with), times(alone));
}

TEST(PlainSource, ARequestIsTheSameAtAnyRate) {
  PlainConfig plain = at_rate(50.0);
  plain.input.cv = 1.0;
  plain.hit_ratio = 0.3;
  auto slow = make_plain_source(spec_of(plain));
  plain.rate = 100.0;
  auto fast = make_plain_source(spec_of(plain));
  const auto few = play(*slow, 10s);
  const auto many = play(*fast, 10s);
  ASSERT_LT(few.size(), many.size());
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i].prompt_tokens, many[i].prompt_tokens);
    EXPECT_EQ(few[i].stated_cached_tokens, many[i].stated_cached_tokens);
  }
}

TEST(PlainSource, AStatedShareOfEveryPromptHits) {
  PlainConfig plain = at_rate(100.0);
  plain.hit_ratio = 0.5625;
  auto source = make_plain_source(spec_of(plain));
  for (const Request& request : play(*source, 1s)) {
    EXPECT_EQ(request.stated_cached_tokens, 2250);
  }
  plain.input.cv = 1.0;
  plain.hit_ratio = 0.999999;
  source = make_plain_source(spec_of(plain));
  for (const Request& request : play(*source, 5s)) {
    EXPECT_LT(request.stated_cached_tokens, request.prompt_tokens);  // one is always computed
  }
}

TEST(PlainSource, AStatedNumberOfRequestsFillsItsWindow) {
  for (const ArrivalProcess process :
       {ArrivalProcess::Constant, ArrivalProcess::Poisson, ArrivalProcess::Gamma}) {
    PlainConfig plain = at_rate(10.0);
    plain.process = process;
    plain.cv = 3.0;
    plain.requests = 200;
    const auto window = PlainArrivals::window_of(plain, 1.0, 1, 200);
    ASSERT_TRUE(window);
    auto source = make_plain_source(spec_of(plain, 5s));
    const auto requests = play(*source, 1h);
    EXPECT_EQ(std::ranges::count_if(requests,
                                    [&](const Request& request) {
                                      return request.arrival >= kWindowStart &&
                                             request.arrival < kWindowStart + *window;
                                    }),
              200);
    EXPECT_FALSE(source->next_arrival());
    EXPECT_EQ(source->last_arrival(), requests.back().arrival);
    if (process == ArrivalProcess::Constant) {
      EXPECT_EQ(*window, 20s);
    }
  }
}

TEST(PlainSource, InAClosedLoopEachClientWaitsForItsAnswer) {
  PlainConfig plain = at_rate(1.0);
  plain.rate.reset();
  plain.concurrency = 20;
  plain.think = 100ms;
  auto source = make_plain_source(spec_of(plain, 10s));
  EXPECT_EQ(source->shortest_return(), 100ms);
  const auto requests = play(*source, 12s, 1s);
  std::vector<base::TimePoint> last(20, kWindowStart - 20s);
  for (const Request& request : requests) {
    base::TimePoint& before = last[request.prefix.session_slot];
    if (before > kWindowStart - 20s) {
      EXPECT_EQ(request.arrival - before, 1100ms);
    }
    before = request.arrival;
  }
  // 20 clients, a request each 1.1 s.
  const auto counted = std::ranges::count_if(
      requests, [](const Request& request) { return request.arrival >= kWindowStart; });
  EXPECT_NEAR(static_cast<double>(counted), 20.0 * 12.0 / 1.1, 20.0);
}

TEST(PlainSource, ClassesHaveTheirSharesAndLengths) {
  PlainConfig plain = at_rate(200.0);
  plain.classes = {{.name = "paid", .share = 0.25, .input = {.mean = 100.0}},
                   {.name = "free", .share = 0.75, .output = {.mean = 7.0}, .hit_ratio = 0.5}};
  auto source = make_plain_source(spec_of(plain));
  int paid = 0, all = 0;
  for (const Request& request : play(*source, 100s)) {
    const bool is_paid = workload::own_class_of(request.session) == 0;
    paid += is_paid ? 1 : 0;
    ++all;
    EXPECT_EQ(request.prompt_tokens, is_paid ? 100 : 4000);
    EXPECT_EQ(request.output_tokens, is_paid ? 1100 : 7);
    EXPECT_EQ(request.stated_cached_tokens, is_paid ? -1 : 2000);
  }
  EXPECT_NEAR(static_cast<double>(paid) / all, 0.25, 0.01);
  const PlainMeans means = means_of(plain);
  EXPECT_DOUBLE_EQ(means.input, 0.25 * 100.0 + 0.75 * 4000.0);
  EXPECT_DOUBLE_EQ(means.cached, 0.75 * 2000.0);
  EXPECT_DOUBLE_EQ(means.output, 0.25 * 1100.0 + 0.75 * 7.0);
}

}  // namespace
}  // namespace epfleet::sessions
