// A mix of clients: rates, burstiness and lengths of the files come out again.
#include "epfleet/traces/client_mix.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "epfleet/base/error.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/trace_statistics.h"

namespace epfleet::traces {
namespace {

namespace fs = std::filesystem;

class ClientMixTest : public testing::Test {
 protected:
  ClientMixTest() { fs::create_directory(folder_); }
  ~ClientMixTest() override { fs::remove_all(folder_); }

  void add_client(const std::string& rates, const std::string& lengths) {
    const std::string name = "chunk-" + std::to_string(clients_++);
    std::ofstream(folder_ / (name + "-trace.csv")) << rates;
    std::ofstream(folder_ / (name + "-dataset.json")) << lengths;
  }
  [[nodiscard]] std::string folder() const { return folder_.string(); }

  fs::path folder_ = fs::temp_directory_path() / ("epfleet_clients_" + std::to_string(::getpid()));
  int clients_ = 0;
};

constexpr const char* kLengths =
    R"({"0": {"input_tokens": "{10: 0.25, 30: 0.75}", "output_tokens": "{8: 2.0}",
              "reason_ratio": "{0.5: 1.0}"},
        "36000": {"input_tokens": "{100: 1.0}", "output_tokens": "{9: 1}", "reason_ratio": "{}"}})";

TEST_F(ClientMixTest, CountsFollowTheRatesAndLengthsTheWindow) {
  add_client("0,1,1,,0,0\n36000,0.1,1,,0,0\n", kLengths);  // 36,000 and 3,600 requests
  ClientMix mix(folder(), 1.0, 1);
  EXPECT_DOUBLE_EQ(mix.expected_requests(), 39'600.0);
  TraceRecord record;
  std::int64_t early = 0, late = 0, short_prompts = 0;
  while (mix.next(record)) {
    const bool first_window = base::to_seconds(record.time) < 36'000.0;
    (first_window ? early : late) += 1;
    short_prompts += record.input == 10 ? 1 : 0;
    EXPECT_TRUE(first_window ? record.input == 10 || record.input == 30 : record.input == 100);
    EXPECT_EQ(record.output, first_window ? 8 : 9);
    EXPECT_EQ(record.reasoning, first_window ? 4 : 0);
    EXPECT_EQ(record.variant, workload::Variant::R1);
  }
  EXPECT_NEAR(static_cast<double>(early), 36'000.0, 4.0 * std::sqrt(36'000.0));
  EXPECT_NEAR(static_cast<double>(late), 3'600.0, 4.0 * std::sqrt(3'600.0));
  EXPECT_NEAR(static_cast<double>(short_prompts), 9'000.0, 4.0 * std::sqrt(9'000.0));
}

// Gaps of Gamma(k) vary by 1 / sqrt(k), of Weibull(1/2) by sqrt(5): at a constant rate the trace
// has that variation and, over the whole, the rate.
TEST_F(ClientMixTest, GapsVaryAsTheirLawSays) {
  const struct {
    const char* law;
    double cv;
  } cases[] = {
      {"Gamma,4,1", 0.5}, {"Gamma,0.25,1", 2.0}, {"Weibull,0.5,1", std::sqrt(5.0)}, {",0,0", 1.0}};
  for (const auto& one : cases) {
    const std::string law = one.law;
    clients_ = 0;
    add_client("0,1,1," + law + "\n100000,1,1," + law + "\n", kLengths);
    ClientMix mix(folder(), 1.0, 7);
    TraceStatistics statistics;
    TraceRecord record;
    while (mix.next(record)) {
      statistics.add(record);
    }
    EXPECT_NEAR(*statistics.interarrival_cv(), one.cv, 0.04 * one.cv) << law;
    EXPECT_NEAR(static_cast<double>(statistics.requests()), 200'000.0,
                4.0 * one.cv * std::sqrt(200'000.0))
        << law;
  }
}

// The mean count of the first seconds is the rate's, however bursty: over 400 seeds, 50 expected
// requests at a variation of 4 (variance 16 x 50 and more for so short a time).
TEST_F(ClientMixTest, StartsInItsSteadyState) {
  add_client("0,1,1,Gamma,0.0625,1\n50,0,1,,0,0\n", kLengths);
  double sum = 0.0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    ClientMix mix(folder(), 1.0, seed);
    TraceRecord record;
    while (mix.next(record)) {
      sum += 1.0;
    }
  }
  EXPECT_NEAR(sum / 400.0, 50.0, 4.0 * std::sqrt(16.0 * 50.0 / 400.0));
}

TEST_F(ClientMixTest, IsATraceOfItsFolder) {
  add_client("0,0.5,1,,0,0\n600,0.5,1,,0,0\n", kLengths);
  add_client("0,0.5,1,,0,0\n600,0.5,1,,0,0\n", "{\"0\": {\"input_tokens\": \"{}\"}}");
  RequestTrace trace(folder(), {.rate_scale = 4.0});
  EXPECT_EQ(trace.info().format, "servegen");
  TraceRecord record;
  std::int64_t count = 0;
  base::Duration latest{};
  while (trace.next(record)) {
    EXPECT_GE(record.time, latest);
    latest = record.time;
    ++count;
  }
  EXPECT_NEAR(static_cast<double>(count), 2400.0, 4.0 * std::sqrt(2400.0));  // one client only
  ASSERT_EQ(trace.skipped().size(), 1U);
  const std::int64_t left_out = trace.skipped().front().count;
  EXPECT_NEAR(static_cast<double>(left_out), 2400.0, 4.0 * std::sqrt(2400.0));
  EXPECT_EQ(trace.rows(), count + left_out);
  EXPECT_EQ(trace.notes().size(), 1U);
}

// A client whose dataset has text_tokens instead of input_tokens added nothing, and nothing was
// said.
TEST_F(ClientMixTest, TextTokensAreTheInputWhereThereIsNoOther) {
  add_client("0,0.5,1,,0,0\n600,0.5,1,,0,0\n",
             R"({"0": {"text_tokens": "{70: 1}", "output_tokens": "{9: 1}", "image_tokens": []}})");
  RequestTrace trace(folder());
  TraceRecord record;
  ASSERT_TRUE(trace.next(record));
  EXPECT_EQ(record.input, 70);
  ASSERT_EQ(trace.notes().size(), 2U);
  EXPECT_NE(trace.notes()[0].find("text_tokens"), std::string::npos);
  EXPECT_NE(trace.notes()[1].find("image_tokens"), std::string::npos);
}

// A billion requests were drawn before it was said that the trace has none.
TEST_F(ClientMixTest, AMixWithoutAnyLengthsIsRefusedAtOnce) {
  add_client("0,600000,1,,0,0\n600,600000,1,,0,0\n", R"({"0": {"input_tokens": "{}"}})");
  EXPECT_THROW(ClientMix(folder(), 1.0, 1), base::InputError);
}

// Its law may then be without a shape, which ended the program. (Found by fuzzing.)
TEST_F(ClientMixTest, AClientThatNeverAsksAddsNothing) {
  add_client("0,0,1,Weibull,0,0\n600,0,1,Gamma,0,0\n", kLengths);
  add_client("0,1,1,,0,0\n600,1,1,,0,0\n", kLengths);
  const ClientMix mix(folder(), 1.0, 1);
  EXPECT_DOUBLE_EQ(mix.expected_requests(), 1'200.0);
}

TEST_F(ClientMixTest, DamagedFilesAreRefused) {
  const auto refused = [&](const std::string& rates, const std::string& lengths) {
    clients_ = 0;
    add_client(rates, lengths);
    EXPECT_THROW(ClientMix(folder(), 1.0, 1), base::InputError) << rates << lengths;
  };
  const std::string good = "0,1,1,,0,0\n600,1,1,,0,0\n";
  refused("0,1,1,,0,0\n", kLengths);
  refused("0,1,1,,0,0\n0,1,1,,0,0\n", kLengths);
  refused("0,-1,1,,0,0\n600,1,1,,0,0\n", kLengths);
  refused("0,1,1,Pareto,1,1\n600,1,1,,0,0\n", kLengths);
  refused("0,1\n600,1\n", kLengths);
  refused("0,1,1,Weibull,0.001,1\n600,1,1,,0,0\n", kLengths);  // its mean is no number: no request
  refused("0,1,1,,0,0\n9300000000,1,1,,0,0\n", kLengths);      // its times did not fit
  refused("0,1e9,1,,0,0\n600,1e9,1,,0,0\n", kLengths);         // never ended
  refused(good, "");
  refused(good, "{\"0\": 5}");
  refused(good, R"({"0": {"input_tokens": "{10: x}"}})");
}

}  // namespace
}  // namespace epfleet::traces
