// What a summary.json says: numbers by their paths, and what is refused.
#include "epfleet/report/metric_values.h"

#include <gtest/gtest.h>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

std::string summary_with(const std::string& more) {
  return R"({"schema": 1, "scenario": {"fingerprint": "ab", "seed": 7}, "x": )" + more + "}";
}

TEST(MetricValues, AreTheNumbersOfTheSummaryByTheirPaths) {
  const TemporaryFolder folder;
  text::write_file(folder.path() / "summary.json",
                   summary_with(R"({"a": 1.5, "b": true, "c": null, "d": "word", "e": [1]})"));
  const ResultDigest digest = read_result(folder.path());
  EXPECT_EQ(digest.seed, 7U);
  EXPECT_EQ(digest.metrics, (MetricValues{{"x.a", "1.5"}, {"x.b", "1"}, {"x.c", ""}}));
}

// What JSON's library said was all that was said, with exit 74.
TEST(MetricValues, ASummaryOfOtherTypesIsTheUsersMistake) {
  const TemporaryFolder folder;
  for (const char* scenario :
       {R"({"fingerprint": "ab", "name": 3})", R"({"fingerprint": "ab", "seed": "x"})",
        R"({"fingerprint": "ab", "seed": 1e30})", R"({"fingerprint": "ab", "seed": 0.5})"}) {
    text::write_file(folder.path() / "summary.json",
                     std::string(R"({"schema": 1, "scenario": )") + scenario + "}");
    EXPECT_THROW((void)read_result(folder.path()), base::InputError) << scenario;
  }
}

// The program ended with a segmentation fault: its stack was exhausted.
TEST(MetricValues, ASummaryOfManyLevelsIsRefused) {
  const TemporaryFolder folder;
  std::string deep, ends;
  for (int i = 0; i < 300'000; ++i) {
    deep += R"({"a":)";
    ends += "}";
  }
  text::write_file(folder.path() / "summary.json", summary_with(deep + "1" + ends));
  EXPECT_THROW((void)read_result(folder.path()), base::InputError);
}

}  // namespace
}  // namespace epfleet::report
