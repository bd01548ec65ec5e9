#include "epfleet/report/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "epfleet/base/error.h"
#include "epfleet/report/checks.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/files.h"
#include "epfleet/text/output_file.h"
#include "sample_report.h"
#include "support/places.h"

namespace epfleet::report {
namespace {

constexpr const char* kHeader = "name,role,published,tolerance_ratio,source\n";

class PublishedFiles : public ::testing::Test {
 protected:
  // Loads `text` as the file of published values; the text of the refusal, or empty.
  std::string refusal(const std::string& text) {
    text::write_file(temporary_.path() / "p.csv", text);
    observe::ReportConfig config;
    config.published = (temporary_.path() / "p.csv").string();
    try {
      loaded_ = load_published(config);
      return "";
    } catch (const base::InputError& error) {
      std::string what = error.what();
      const std::size_t place = what.find("p.csv");
      return place == std::string::npos ? what : what.substr(place);
    }
  }

  TemporaryFolder temporary_;
  Published loaded_;
};

TEST_F(PublishedFiles, ReadsQuotesCommentsAndAbsentColumns) {
  ASSERT_EQ(refusal(std::string("# a comment\n") + kHeader +
                    "cost.usd,identity,87072,0.001,\"day 6: $87,072\"\n"
                    "nodes.peak,input,278,,x\n"),
            "");
  ASSERT_EQ(loaded_.values.size(), 2U);
  EXPECT_EQ(loaded_.values[0].source, "day 6: $87,072");
  EXPECT_EQ(loaded_.values[0].tolerance_ratio, 0.001);
  EXPECT_EQ(loaded_.values[0].role, Role::Identity);
  EXPECT_FALSE(loaded_.values[1].tolerance_ratio.has_value());
  EXPECT_FALSE(loaded_.values[1].window_s.has_value());
}

TEST_F(PublishedFiles, RefusesWithLineAndReason) {
  const std::string head(kHeader);
  EXPECT_EQ(refusal(head + "cost.eur,input,1,,x\n"),
            "p.csv:2:1: report.published: name: summary.json has no number 'cost.eur'");
  EXPECT_EQ(refusal(head + "cost,input,1,,x\n"),
            "p.csv:2:1: report.published: name: summary.json has no number 'cost'");
  EXPECT_EQ(refusal(head + "cost.usd,fitted,1,,x\n"),
            "p.csv:2:10: report.published: role: unknown role 'fitted'; roles are input, "
            "identity, calibrated, predicted");
  EXPECT_EQ(
      refusal(head + "cost.usd,input,1 USD,,x\n"),
      "p.csv:2:16: report.published: published: '1 USD' is not a number; give a decimal number");
  EXPECT_EQ(
      refusal(head + "cost.usd,input,nan,,x\n"),
      "p.csv:2:16: report.published: published: 'nan' is not a number; give a decimal number");
  EXPECT_EQ(
      refusal(head + "cost.usd,input,0,,x\n"),
      "p.csv:2:16: report.published: published: a published value of 0 has no relative error");
  EXPECT_EQ(refusal("name,role,source\ncost.usd,input,x\n"),
            "p.csv:1:1: report.published: the column published is missing; the first line names "
            "the columns");
  EXPECT_THAT(
      refusal(head + "cost.usd,input\n"),
      ::testing::HasSubstr("p.csv:2:15: report.published: 2 fields where the header has 5"));
}

TEST_F(PublishedFiles, ReadsCompressedFiles) {
  observe::ReportConfig config;
  config.published = (temporary_.path() / "p.csv.gz").string();
  text::OutputFile file(config.published, text::Compression::Gzip);
  file.add(std::string(kHeader) + "cost.usd,identity,87072,0.001,x\n");
  file.finish();
  EXPECT_EQ(load_published(config).values.at(0).published, 87072.0);
}

TEST_F(PublishedFiles, AMissingFileIsTheUsersMistake) {
  observe::ReportConfig config;
  config.published_hourly = (temporary_.path() / "absent.csv").string();
  EXPECT_THROW((void)load_published(config), base::InputError);
  config.published_hourly = temporary_.path().string();
  EXPECT_THROW((void)load_published(config), base::InputError);
}

TEST_F(PublishedFiles, ReadsBands) {
  observe::ReportConfig config;
  config.bands = (temporary_.path() / "bands.json").string();
  text::write_file(config.bands, R"({"scenario_fingerprint": "ab",
                                    "rows": [{"name": "cost.usd", "low": 1.5, "high": null}]})");
  const Published published = load_published(config);
  ASSERT_TRUE(published.bands.has_value());
  EXPECT_EQ(published.bands->scenario_fingerprint, "ab");
  EXPECT_EQ(published.bands->by_name.at("cost.usd").low, 1.5);
  EXPECT_FALSE(published.bands->by_name.at("cost.usd").high.has_value());

  for (const char* bad : {"", "[]", "{}", R"({"rows": []})",
                          R"({"scenario_fingerprint": "ab", "rows": [{"low": 1}]})"}) {
    text::write_file(config.bands, bad);
    EXPECT_THROW((void)load_published(config), base::InputError) << bad;
  }
}

// The shipped files: every name exists, and the chart's hours earn what the text says within the
// 0.1 % of the readings (24 bars, sum 562,027 USD).
TEST(ShippedTraces, ThePublishedDayLoads) {
  observe::ReportConfig config;
  config.published = test::source_dir() + "/traces/deepseek_day_published.csv";
  config.published_hourly = test::source_dir() + "/traces/deepseek_day_hourly.csv";
  const Published published = load_published(config);
  ASSERT_EQ(published.hours.size(), 24U);
  double revenue = 0.0, cost = 0.0;
  for (const PublishedHour& hour : published.hours) {
    revenue += hour.theoretical_revenue_usd;
    cost += hour.cost_usd;
  }
  EXPECT_NEAR(revenue, 562'027.0, 562.0);
  EXPECT_EQ(cost, 87'072.0);
  int predicted = 0;
  for (const PublishedValue& value : published.values) {
    predicted += value.role == Role::Predicted ? 1 : 0;
    EXPECT_FALSE(value.source.empty()) << value.name;
  }
  // Under the replayed schedule only the output speed may be called validation.
  EXPECT_EQ(predicted, 1);
}

// The columns of the day as token rates sum to the published totals: 608, 342 and 168 billion, in
// 288 bins.
TEST(ShippedTraces, TheDayAsTokenRatesHasThePublishedTotals) {
  std::istringstream file(content_of(test::source_dir() + "/traces/deepseek_day.csv"));
  std::array<std::int64_t, 5> sums{};
  std::int64_t bins = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line[0] == 't') {
      continue;
    }
    std::istringstream row(line);
    std::string field;
    for (std::int64_t& sum : sums) {
      std::getline(row, field, ',');
      sum += std::stoll(field);
    }
    ++bins;
  }
  EXPECT_EQ(bins, 288);
  EXPECT_EQ(sums[2], 608'000'000'000);
  EXPECT_EQ(sums[3], 342'000'000'000);
  EXPECT_EQ(sums[4], 168'000'000'000);
  EXPECT_EQ(sums[1], 168'000'000'000 / 1080);
}

// The committed files are the ones that the tool makes of the charts as read.
TEST(ShippedTraces, AreWhatTheToolMakes) {
  const std::string command = "python3 '" + test::source_dir() + "/tools/make_traces.py' --check";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace epfleet::report
