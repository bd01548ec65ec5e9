// Every row of a trace is accounted for, whatever the reader and the window: read = played + before
// the window + after it + skipped; and what is played is what arrives in the window.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "epfleet/sessions/token_rate_source.h"
#include "epfleet/traces/trace_source.h"
#include "support/drive.h"
#include "support/temporary_file.h"

namespace epfleet {
namespace {

struct {
  static double seconds(std::int64_t /*output*/) { return 1.0; }
} constexpr kService;

constexpr int kRows = 40;
constexpr int kDamaged = 7;  // every so many

std::string lines(const std::string& head, const char* row, const char* damaged) {
  std::string text = head;
  for (int i = 0; i < kRows; ++i) {
    const std::string clock = fmt::format("{:02}:{:02}", 10 * i / 60, 10 * i % 60);
    text += fmt::format(fmt::runtime(i % kDamaged == 3 ? damaged : row), 10 * i, 100 + i, clock);
  }
  return text;
}

struct Sample {
  const char* name;
  std::string content;
};

std::vector<Sample> samples() {
  const char* own = "{0},{1},5\n";
  const char* bad = "{0},-{1},5\n";
  return {
      {"own", lines("arrival_s,input_tokens,output_tokens\n", own, bad)},
      {"blocks",
       lines("arrival_s,input_tokens,output_tokens,block_ids_64\n", "{0},{1},5,a {0}\n", bad)},
      {"sessions", lines("arrival_s,input_tokens,output_tokens,session,session_tokens\n",
                         "{0},{1},5,1,90\n", "{0},{1},5,1,9999\n")},
      {"vidur", lines("arrived_at,num_prefill_tokens,num_decode_tokens,session_id,block_hash_ids\n",
                      "{0},{1},5,1,1|2\n", bad)},
      {"burstgpt", lines("Timestamp,Request tokens,Response tokens\n", own, "{0}\n")},
      {"azure", lines("TIMESTAMP,ContextTokens,GeneratedTokens\n", "2023-11-16 18:{2},{1},5\n",
                      "yesterday,{1},5\n")},
      {"mooncake",
       lines("",
             R"({{"timestamp": {0}000, "input_length": {1}, "output_length": 5, "hash_ids": [1]}})"
             "\n",
             "{{\"timestamp\": {0}000\n")},
      {"bailian",
       lines("",
             R"({{"chat_id": 1, "timestamp": {0}, "input_length": {1}, "output_length": 5}})"
             "\n",
             "{{\"timestamp\": {0}\n")},
  };
}

struct Window {
  const char* what;
  int duration_s, counted_s, warm_up_s, from_s, length_s;
  double rate_scale;
  int repeat;
};
constexpr Window kWindows[] = {
    {"whole", 4000, 4000, 0, 0, 0, 1.0, 0},   {"short", 95, 95, 0, 0, 0, 1.0, 0},
    {"until", 400, 120, 0, 0, 0, 1.0, 0},     {"warm-up", 200, 200, 65, 0, 0, 1.0, 0},
    {"cut", 4000, 4000, 20, 50, 130, 1.0, 0}, {"copies", 180, 180, 30, 0, 0, 2.5, 0},
    {"share", 4000, 4000, 0, 0, 0, 0.4, 0},   {"rounds", 1000, 900, 100, 0, 0, 1.0, 1},
    {"late", 4000, 4000, 3000, 0, 0, 1.0, 0},
};

workload::RowAccount account_of(const traces::TraceSourceSpec& spec, std::int64_t& in_window) {
  const auto source = traces::make_trace_source(spec);
  const base::TimePoint end = base::kWindowStart + *spec.counted;
  in_window = 0;
  for (const workload::Request& request : test::drive(*source, kService, end)) {
    in_window += request.arrival >= base::kWindowStart ? 1 : 0;
  }
  return source->rows(end).value();
}

TEST(TraceRows, SumWhateverTheReaderAndTheWindow) {
  for (const Sample& sample : samples()) {
    const test::TemporaryFile file(sample.content);
    for (const Window& window : kWindows) {
      traces::TraceSourceSpec spec;
      spec.config.path = file.path();
      spec.config.hourly_shape = "flat";
      spec.config.warm_up = std::chrono::seconds(window.warm_up_s);
      spec.config.rate_scale = window.rate_scale;
      spec.config.trace.lenient = true;
      spec.config.trace.repeat = window.repeat != 0;
      spec.config.trace.from = std::chrono::seconds(window.from_s);
      if (window.length_s > 0) {
        spec.config.trace.length = std::chrono::seconds(window.length_s);
      }
      spec.duration = std::chrono::seconds(window.duration_s);
      spec.counted = std::chrono::seconds(window.counted_s);
      std::int64_t in_window = 0;
      const workload::RowAccount rows = account_of(spec, in_window);
      const std::string what = fmt::format("{} {}", sample.name, window.what);
      EXPECT_EQ(rows.read, kRows) << what;
      EXPECT_EQ(rows.read, rows.played + rows.before_window + rows.after_window + rows.skipped())
          << what;
      EXPECT_GE(rows.skipped(), 6) << what;
      EXPECT_GE(rows.after_window, 0) << what;
      if (window.rate_scale <= 1.0 && window.repeat == 0) {
        EXPECT_EQ(rows.played, in_window) << what;
      } else {
        EXPECT_GE(in_window, rows.played) << what;
      }
    }
  }
}

TEST(TraceRows, ARunThatIsInterruptedHasPlayedWhatArrived) {
  const test::TemporaryFile file(samples().front().content);
  traces::TraceSourceSpec spec;
  spec.config.path = file.path();
  spec.config.hourly_shape = "flat";
  spec.config.warm_up = base::Duration{};
  spec.config.trace.lenient = true;
  spec.duration = std::chrono::seconds(400);
  const auto source = traces::make_trace_source(spec);
  for (int i = 0; i < 5; ++i) {  // the last one at 60 s: a row is damaged
    source->complete(source->take(), base::kWindowStart + std::chrono::hours(1));
  }
  const auto rows = source->rows(base::kWindowStart + std::chrono::seconds(45)).value();
  EXPECT_EQ(rows.played, 4);
  EXPECT_EQ(rows.read, rows.played + rows.before_window + rows.after_window + rows.skipped());
}

TEST(TraceRows, BinsOfTokenTotalsAreRows) {
  std::string text = "time_s,requests,input_tokens,cached_tokens,output_tokens\n";
  for (int i = 0; i < kRows; ++i) {
    text += fmt::format("{},3,300,10,30\n", 60 * i);
  }
  const test::TemporaryFile file(text);
  sessions::TokenRateSourceSpec spec;
  spec.config.path = file.path();
  spec.config.warm_up = std::chrono::minutes(5);
  for (const int minutes : {1, 17, kRows, 2 * kRows}) {
    spec.duration = std::chrono::minutes(minutes);
    const auto source = sessions::make_token_rate_source(spec);
    const auto rows = source->rows(base::kWindowStart + spec.duration).value();
    EXPECT_EQ(rows.read, kRows);
    EXPECT_EQ(rows.played, std::min(minutes, kRows));
    EXPECT_EQ(rows.read, rows.played + rows.after_window);
  }
}

}  // namespace
}  // namespace epfleet
