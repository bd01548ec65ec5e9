// Token-rate traces: what is refused, and requests that meet every bin's totals to the token.
#include "epfleet/sessions/token_rate_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "day_mix.h"
#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/sessions/session_paths.h"
#include "epfleet/sessions/token_rate_trace.h"
#include "support/drive.h"
#include "support/temporary_file.h"

namespace epfleet::sessions {
namespace {

using testing::HasSubstr;

const std::string kHeader = "time_s,requests,input_tokens,cached_tokens,output_tokens\n";

// Requests in a row that are the same in both.
std::size_t alike(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  std::size_t same = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    same += a[i] == b[i] ? 1 : 0;
  }
  return same;
}

TokenRateSourceSpec spec_of(const test::TemporaryFile& file) {
  TokenRateSourceSpec spec;
  spec.config = day_mix();
  spec.config.path = file.path();
  spec.config.warm_up = base::Duration::zero();
  spec.duration = std::chrono::hours(1);
  return spec;
}

std::string error_of(const std::string& content) {
  const test::TemporaryFile file(content);
  try {
    (void)make_token_rate_source(spec_of(file));
  } catch (const base::InputError& error) {
    const std::string text = error.what();
    return text.substr(text.find(file.path()) + file.path().size());
  }
  return "no error";
}

TEST(TokenRateTrace, IsToldFromATraceOfRequestsByItsHeader) {
  const test::TemporaryFile rates("# x\ntime_s,requests,input_tokens\n");
  EXPECT_TRUE(is_token_rate_trace(rates.path()));
  const test::TemporaryFile requests("arrival_s,input_tokens,output_tokens\n");
  EXPECT_FALSE(is_token_rate_trace(requests.path()));
}

TEST(TokenRateTrace, RefusesBadInputAndSaysWhere) {
  EXPECT_THAT(error_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(error_of(kHeader), HasSubstr(":1:1: the trace has a header but no bins"));
  EXPECT_THAT(error_of("time_s,requests\n0,1\n"),
              HasSubstr(":1:1: the column input_tokens is missing"));
  EXPECT_THAT(error_of(kHeader + "0,10,1000,500,100\n60,10,1000\n"),
              HasSubstr(":3:11: 3 fields where the header has 5"));
  EXPECT_THAT(error_of(kHeader + "0,10,1000,500,-100\n"),
              HasSubstr(":2:15: output_tokens: '-100' is negative"));
  EXPECT_THAT(error_of(kHeader + "0,10,10x0,500,100\n"),
              HasSubstr(":2:6: input_tokens: '10x0' is not a whole"));
  EXPECT_THAT(error_of(kHeader + "0,10,,500,100\n"),
              HasSubstr("input_tokens: '' is not a whole number"));
  EXPECT_THAT(error_of(kHeader + "nan,10,1000,500,100\n"),
              HasSubstr(":2:1: time_s: 'nan' is not a number"));
  EXPECT_THAT(error_of(kHeader + "0,10,1000,500,100\n0,10,1000,500,100\n"),
              HasSubstr(":3:1: time_s: not after the bin before"));
  EXPECT_THAT(error_of(kHeader + "60,10,1000,500,100\n0,10,1000,500,100\n"),
              HasSubstr("not after"));
  EXPECT_THAT(error_of(kHeader + "0,10,1000,1500,100\n"),
              HasSubstr(":2:11: cached_tokens: more cached tokens than input tokens (1000)"));
  EXPECT_THAT(error_of(kHeader + "0,10,1000,500,9\n"),
              HasSubstr(":2:15: output_tokens: fewer tokens than requests (10)"));
  EXPECT_THAT(error_of(kHeader + "0,0,1000,500,0\n"),
              HasSubstr("more than 65536 tokens a request"));
  EXPECT_THAT(error_of(kHeader + "0,10,99999999999999999999,500,9\n"), HasSubstr("is too large"));
}

TEST(TokenRateTrace, ACutFileIsNoticed) {
  EXPECT_THAT(error_of(kHeader + "0,10,1000,500,100\n60,10,1000,500,10"),
              HasSubstr(":3:18: the last line has no line end"));
}

TEST(TokenRateTrace, ReadsAnyColumnOrderCommentsAndLineEnds) {
  const test::TemporaryFile file(
      "# made by hand\r\noutput_tokens, extra ,time_s,requests,input_tokens,cached_tokens\r\n"
      "\r\n100,x,1000.5,10,2000,500\r\n# a note\r\n0,y,1030.5,0,0,0\r\n");
  const auto bins = read_token_rate_trace(spec_of(file).config, std::chrono::hours(1));
  ASSERT_EQ(bins.size(), 2U);
  EXPECT_EQ(bins[0].from, base::kWindowStart);
  EXPECT_EQ(bins[0].width, std::chrono::seconds(30));
  EXPECT_EQ(bins[1].width, std::chrono::seconds(30));  // as long as the one before
  EXPECT_EQ(bins[0].output, 100);
  EXPECT_EQ(bins[0].cached, 500);
  const test::TemporaryFile one(kHeader + "0,1,1,1,1\n");
  EXPECT_EQ(read_token_rate_trace(spec_of(one).config, std::chrono::hours(1))[0].width,
            std::chrono::hours(1));
}

TEST(TokenRateTrace, ScalingKeepsSums) {
  std::vector<TokenRateBin> bins(1000);
  for (TokenRateBin& bin : bins) {
    bin.requests = 1;
    bin.input = 333;
    bin.cached = 111;
    bin.output = 7;
  }
  const auto sum = [](const std::vector<TokenRateBin>& all, auto member) {
    return std::accumulate(
        all.begin(), all.end(), std::int64_t{0},
        [&](std::int64_t s, const TokenRateBin& bin) { return s + bin.*member; });
  };
  const auto third = scaled(bins, 1.0 / 3.0);
  EXPECT_NEAR(static_cast<double>(sum(third, &TokenRateBin::requests)), 333.0, 1.0);
  EXPECT_NEAR(static_cast<double>(sum(third, &TokenRateBin::input)), 111000.0, 333.0);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    EXPECT_EQ(scaled(bins, 1.0)[i].input, 333);
    EXPECT_TRUE(third[i].requests > 0 || third[i].input == 0);
    if (i > 50) {
      break;
    }
  }
}

// Sums are exact, parts within their bounds and, where no bound holds, within 1 of proportional.
TEST(ProportionalParts, AddUpAndKeepTheirBounds) {
  base::Stream stream(base::StreamFamily(3, "parts"), 0);
  for (int round = 0; round < 300; ++round) {
    const auto n = 1 + static_cast<std::size_t>(stream.uniform() * 50.0);
    std::vector<std::int64_t> weights;
    std::vector<std::int64_t> limits;
    std::int64_t most = 0;
    for (std::size_t i = 0; i < n; ++i) {
      weights.push_back(1 + static_cast<std::int64_t>(stream.lognormal(5.0, 2.0)));
      limits.push_back(1 + static_cast<std::int64_t>(stream.lognormal(6.0, 2.0)));
      most += limits.back();
    }
    const auto least_sum = static_cast<std::int64_t>(n);
    const auto total = least_sum + static_cast<std::int64_t>(stream.uniform() *
                                                             static_cast<double>(most - least_sum));
    const auto parts = proportional_parts(total, 1, weights, limits);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}), total);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_GE(parts[i], 1);
      EXPECT_LE(parts[i], limits[i]);
    }
    const std::vector<std::int64_t> unlimited(n, 1'000'000'000'000);
    const auto free = proportional_parts(total, 1, weights, unlimited);
    const double weight_sum =
        static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::int64_t{0}));
    for (std::size_t i = 0; i < n; ++i) {
      const double due = 1.0 + static_cast<double>(total - least_sum) *
                                   static_cast<double>(weights[i]) / weight_sum;
      EXPECT_NEAR(static_cast<double>(free[i]), due, 1.0);
    }
  }
}

struct Sums {
  std::int64_t requests = 0, input = 0, cached = 0, output = 0;
  friend bool operator==(const Sums&, const Sums&) = default;
};

// Requests, input, cached and output of every bin: exactly those of the trace.
TEST(TokenRateSource, MeetsEveryBinExactly) {
  const std::vector<Sums> asked = {{1000, 4321987, 2400001, 1100003},
                                   {0, 0, 0, 0},
                                   {1, 1, 0, 1},
                                   {37, 100000, 99963, 37},
                                   {5000, 5017, 17, 999999}};
  std::string csv = kHeader;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    csv += std::to_string(i * 300) + "," + std::to_string(asked[i].requests) + "," +
           std::to_string(asked[i].input) + "," + std::to_string(asked[i].cached) + "," +
           std::to_string(asked[i].output) + "\n";
  }
  const test::TemporaryFile file(csv);
  const auto source = make_token_rate_source(spec_of(file));
  std::vector<Sums> met(asked.size());
  base::TimePoint last = base::TimePoint::min();
  std::uint64_t id = 0;
  for (const workload::Request& r :
       test::drive(*source, ExpectedService{}, base::kWindowStart + std::chrono::hours(2))) {
    EXPECT_EQ(r.id.value(), id++);
    EXPECT_GE(r.arrival, last);
    last = r.arrival;
    EXPECT_LT(r.stated_cached_tokens, r.prompt_tokens);
    EXPECT_LE(r.reasoning_tokens, r.output_tokens);
    EXPECT_TRUE(r.prefix.first_turn);
    EXPECT_FALSE(r.prefix.returns);
    Sums& bin = met[static_cast<std::size_t>(base::to_seconds(r.arrival) / 300.0)];
    ++bin.requests;
    bin.input += r.prompt_tokens;
    bin.cached += r.stated_cached_tokens;
    bin.output += r.output_tokens;
  }
  EXPECT_EQ(met, asked);
  EXPECT_FALSE(source->next_arrival().has_value());
}

// A bin that states every token as cached: one token of each of its 37 prompts is computed all the
// same.
TEST(TokenRateSource, AtLeastTheLastTokenOfAPromptIsComputed) {
  const test::TemporaryFile file(kHeader + "0,37,100000,100000,37\n300,1,1,0,1\n");
  const auto source = make_token_rate_source(spec_of(file));
  std::int64_t cached = 0;
  for (const workload::Request& r :
       test::drive(*source, ExpectedService{}, base::kWindowStart + std::chrono::minutes(5))) {
    EXPECT_EQ(r.stated_cached_tokens, r.prompt_tokens - 1);
    cached += r.stated_cached_tokens;
  }
  EXPECT_EQ(cached, 100000 - 37);
}

// Mean arrival of 20,000 uniform times in 300 s: 150 +- 4 * 86.6 / sqrt(20000) = 2.5 s.
TEST(TokenRateSource, ArrivalsAreUniformInTheBin) {
  const test::TemporaryFile file(kHeader + "0,20000,2000000,0,2000000\n300,1,1,0,1\n");
  const auto source = make_token_rate_source(spec_of(file));
  double sum = 0.0;
  double squares = 0.0;
  const auto requests =
      test::drive(*source, ExpectedService{}, base::kWindowStart + std::chrono::minutes(5));
  ASSERT_EQ(requests.size(), 20000U);
  for (const workload::Request& r : requests) {
    const double at = base::to_seconds(r.arrival);
    sum += at;
    squares += at * at;
  }
  const double mean = sum / 20000.0;
  EXPECT_NEAR(mean, 150.0, 2.5);
  EXPECT_NEAR(squares / 20000.0 - mean * mean, 7500.0, 300.0);
}

// The first bin's rate, cut to 100 of its 300 s: a third of its counts, with other draws than the
// bin itself.
TEST(TokenRateSource, TheWarmUpRepeatsTheFirstBin) {
  const test::TemporaryFile file(kHeader + "0,300,900000,300000,300000\n300,1,1,0,1\n");
  TokenRateSourceSpec spec = spec_of(file);
  spec.config.warm_up = std::chrono::seconds(400);
  const auto source = make_token_rate_source(spec);
  Sums warm;
  std::vector<std::int32_t> warm_outputs;
  std::vector<std::int32_t> outputs;
  for (const workload::Request& r :
       test::drive(*source, ExpectedService{}, base::kWindowStart + std::chrono::minutes(5))) {
    EXPECT_GE(r.arrival, base::kWindowStart - spec.config.warm_up.value());
    if (r.arrival < base::kWindowStart) {
      ++warm.requests;
      warm.input += r.prompt_tokens;
      warm.cached += r.stated_cached_tokens;
      warm.output += r.output_tokens;
      warm_outputs.push_back(r.output_tokens);
    } else {
      outputs.push_back(r.output_tokens);
    }
  }
  EXPECT_EQ(warm, (Sums{400, 1200000, 400000, 400000}));
  ASSERT_EQ(outputs.size(), 300U);
  EXPECT_LT(alike({warm_outputs.end() - 300, warm_outputs.end()}, outputs), 15);
}

TEST(TokenRateSource, SameSeedSameRequests) {
  const test::TemporaryFile file(kHeader + "0,300,900000,300000,300000\n");
  const auto outputs = [&](std::uint64_t seed) {
    TokenRateSourceSpec spec = spec_of(file);
    spec.seed = seed;
    std::vector<std::int32_t> list;
    for (const workload::Request& r : test::drive(*make_token_rate_source(spec), ExpectedService{},
                                                  base::kWindowStart + std::chrono::hours(1))) {
      list.push_back(r.output_tokens);
    }
    return list;
  };
  EXPECT_EQ(outputs(1), outputs(1));
  EXPECT_LT(alike(outputs(1), outputs(2)), 15) << "another seed draws each request anew";
}

TEST(TokenRateSource, EachRequestCompletesOnce) {
  const test::TemporaryFile file(kHeader + "0,300,900000,300000,300000\n");
  const auto source = make_token_rate_source(spec_of(file));
  const workload::Request request = source->take();
  source->complete(request, request.arrival);
  EXPECT_THROW(source->complete(request, request.arrival), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::sessions
