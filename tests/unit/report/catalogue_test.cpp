// Is every number declared, once, and is the file made from the declarations?
#include "epfleet/report/catalogue.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "epfleet/report/metric_values.h"
#include "epfleet/report/result_files.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

TEST(Catalogue, EveryMetricSaysWhatItIsOnce) {
  std::set<std::string> paths;
  for (const Metric& metric : metric_catalogue()) {
    EXPECT_TRUE(paths.insert(metric.path).second) << metric.path;
    EXPECT_FALSE(metric.unit.empty()) << metric.path;
    EXPECT_TRUE(metric.sentence.ends_with('.')) << metric.path;
    EXPECT_EQ(metric.kind == metrics::Kind::Distribution, !metric.part.empty()) << metric.path;
    EXPECT_EQ(find_metric(metric.path), &metric);
  }
  EXPECT_EQ(find_metric("latency.ttft_s"), nullptr);
}

// The numbers of summary.json are the catalogue, no more and no less, with the same values.
TEST(Catalogue, IsWhatSummaryJsonHolds) {
  RunReport report = sample_report();
  report.rows = workload::RowAccount{5, 3, 1, 1};
  report.statistics.classes.emplace_back().objectives.name = "paid";  // what NAME stands for
  const TemporaryFolder folder;
  write_result_folder(folder.path() / "run", report);
  const MetricValues written = read_result(folder.path() / "run").metrics;
  EXPECT_EQ(written, metric_values(report));
  EXPECT_EQ(written.size(), metric_catalogue().size());
}

TEST(Catalogue, MeasuresByPath) {
  const RunReport report = sample_report();
  EXPECT_EQ(measured(report, "requests.arrived"), 7200.0);
  EXPECT_EQ(measured(report, "latency.ttft_s.p99"), 9.0);
  EXPECT_EQ(measured(report, "node_hours.decode.busy"), 108.0);
  EXPECT_EQ(measured(report, "per_class.nobody.arrived"), 0.0);
  EXPECT_EQ(find_metric("per_class.nobody.arrive"), nullptr);
  EXPECT_FALSE(measured(report, "latency.ttft_s.p50"));
  EXPECT_FALSE(measured(report, "scenario.seed"));
}

TEST(SeriesColumns, EveryColumnSaysWhatItIs) {
  std::set<std::string_view> names;
  for (const SeriesColumn& column : series_columns()) {
    const ColumnMeaning& meaning = column.meaning;
    EXPECT_TRUE(names.insert(meaning.name).second) << meaning.name;
    EXPECT_TRUE(column.in_timeseries || column.in_hourly) << meaning.name;
    EXPECT_NE(find_metric(meaning.path) != nullptr, meaning.sentence.ends_with('.'))
        << meaning.name;
  }
}

}  // namespace
}  // namespace epfleet::report
