#include "epfleet/report/terminal_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "epfleet/report/human_numbers.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Numbers of the size of the published day, the widest that a screen must hold.
RunReport large_report() {
  RunReport r = sample_report();
  r.scenario = "deepseek_day";
  auto& s = r.statistics;
  s.end = base::TimePoint(std::chrono::hours(24));
  s.requests.arrived = 155'555'555;
  s.requests.completed = 155'432'100;
  s.requests.rejected = 1'234;
  s.requests.failed = 12'345;
  s.requests.in_flight = 109'876;
  s.tokens.input = 608'123'456'789;
  s.tokens.computed = 265'987'654'321;
  s.tokens.output = 168'012'345'678;
  s.cache.bytes_read = 24'000'000'000'000'000;
  for (auto* d : {&s.latency.ttft, &s.latency.tpot, &s.latency.itl, &s.latency.e2e}) {
    d->mean = d->p50 = 0.123456;
    d->p90 = 59.99;
    d->p95 = 118.7;
    d->p99 = 5'432.1;
    d->max = 54'321.0;
  }
  s.slo.ttft.limit = std::chrono::seconds(10);
  s.hours.clear();
  for (int h = 0; h < 24; ++h) {
    s.hours.push_back(sample_interval(h * 3600, (h + 1) * 3600));
  }
  r.published.values = {
      sample_value("tokens.input", Role::Input, 608e9),
      sample_value("throughput.prefill_computed_tps_per_node", Role::Identity, 73'700.0),
      sample_value("cache.hit_ratio", Role::Calibrated, 0.563),
      sample_value("latency.output_speed_tps.mean", Role::Predicted, 21.0)};
  r.published.values[3].published_low = 20.0;
  r.published.values[3].published_high = 22.0;
  r.published.bands = Bands{"another", {{"latency.output_speed_tps.mean", {15.2, 26.1}}}};
  r.notes = {
      "A rather long note on the assumptions of this run, which needs more than the one line "
      "that a terminal has room for, so that it must be broken between words."};
  return r;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// An interrupted warm-up "met its objectives".
TEST(TerminalSummary, NothingMeasuredIsNoVerdict) {
  RunReport r = sample_report();
  r.verdict.why = "no request arrived in the window";
  EXPECT_THAT(terminal_summary(r, {}), HasSubstr("none: no request arrived in the window"));
}

TEST(TerminalSummary, TheVerdictSaysHowMuchMoreFits) {
  RunReport report = sample_report();
  report.verdict.binds = "decode";
  const auto says = [&](double headroom, const std::string& text) {
    report.verdict.headroom_ratio = headroom;
    EXPECT_THAT(terminal_summary(report, {}), ::testing::HasSubstr(text));
  };
  says(0.08, "keeps up; decode binds, about 8 % more load fits");
  says(463.25, "about 464 times the load fits");
  report.verdict.stable = false;
  report.verdict.why = "the queue before decode grows";
  says(-0.16,
       "UNSTABLE: the queue before decode grows; decode binds, about 16 % less load would fit");
}

TEST(TerminalSummary, NoLineIsWiderThanTheTerminal) {
  for (const std::size_t width : {60U, 70U, 80U, 90U, 100U}) {
    for (const bool color : {false, true}) {
      for (const std::string& line : lines_of(terminal_summary(large_report(), {color, width}))) {
        EXPECT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(TerminalSummary, ColourIsTheOnlyDifference) {
  std::string colored = terminal_summary(large_report(), {true, 100});
  const std::string plain = terminal_summary(large_report(), {false, 100});
  EXPECT_THAT(plain, Not(HasSubstr("\033")));
  EXPECT_THAT(colored, HasSubstr("\033[32mwithin\033[0m"));
  for (std::size_t at = 0; (at = colored.find('\033')) != std::string::npos;) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  EXPECT_EQ(colored, plain);
}

TEST(TerminalSummary, OnlyPredictedRowsAreCalledValidation) {
  const std::string text = terminal_summary(large_report(), {false, 100});
  const std::size_t validation = text.find("Validation");
  ASSERT_NE(validation, std::string::npos);
  for (const char* name : {"tokens.input", "prefill_computed_tps", "cache.hit_ratio"}) {
    EXPECT_LT(text.find(name), validation) << name;
  }
  EXPECT_GT(text.find("latency.output_speed_tps.mean"), validation);
  EXPECT_EQ(text.find("Validation", validation + 1), std::string::npos);

  RunReport none = large_report();
  none.published.values.pop_back();
  EXPECT_THAT(terminal_summary(none, {false, 100}), Not(HasSubstr("Validation")));
}

TEST(TerminalSummary, TellsVerdictsBandsAndStaleness) {
  RunReport report = large_report();
  std::string text = terminal_summary(report, {false, 100});
  EXPECT_THAT(text, HasSubstr("20-22"));
  EXPECT_THAT(text, HasSubstr("within"));  // 21.25 lies in 20-22
  EXPECT_THAT(text, HasSubstr("guesses allow 15.2 to 26.1 (STALE"));
  report.statistics.latency.output_speed.mean = 23.0;
  report.published.bands->scenario_fingerprint = "0123456789abcdef";
  text = terminal_summary(report, {false, 100});
  EXPECT_THAT(text, HasSubstr("OUTSIDE"));
  EXPECT_THAT(text, Not(HasSubstr("STALE")));
}

TEST(TerminalSummary, SaysWhenARunIsPartial) {
  RunReport report = sample_report();
  EXPECT_THAT(terminal_summary(report, {false, 100}), Not(HasSubstr("PARTIAL")));
  report.partial = true;
  EXPECT_THAT(terminal_summary(report, {false, 100}), HasSubstr("PARTIAL"));
}

TEST(TerminalSummary, ARunThatMeasuredNothingStillPrints) {
  const std::string text = terminal_summary(RunReport{}, {false, 100});
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, HasSubstr("Service"));
}

TEST(TerminalStyle, AFileGetsNoColour) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_FALSE(terminal_style(file).color);
  std::fclose(file);
}

}  // namespace
}  // namespace epfleet::report
