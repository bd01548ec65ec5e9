// Every number of summary.json, in its order: what it is called, what it means, and where its value
// is. Made from the rows that stand beside the members (see metrics/metric.h). Also the columns of
// timeseries.csv and hourly.csv: most are the course of a number of summary.json, with its meaning.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/metrics/metric.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

struct Metric {
  std::string path;  // "latency.ttft_s.p95"
  std::string unit;
  metrics::Kind kind = metrics::Kind::Flow;
  metrics::Better better = metrics::Better::Neither;
  std::string sentence;
  std::string part;  // of a distribution, in words: "95th percentile"; else empty
  std::function<metrics::Value(const RunReport&)> value;
  bool of_any_class = false;  // per_class.NAME: a number of every class of one's own
};

// The numbers of one class, at per_class and its name.
[[nodiscard]] std::vector<Metric> class_metrics(const std::string& name);

[[nodiscard]] std::span<const Metric> metric_catalogue();
// Null when there is none.
[[nodiscard]] const Metric* find_metric(std::string_view path);
// None for what was not measured, and for a path that is no metric.
[[nodiscard]] metrics::Measure measured(const RunReport& report, std::string_view path);

struct ColumnMeaning {
  std::string_view name;
  std::string_view path;  // the number of summary.json whose course it is; else empty, and then:
  std::string_view unit = {};
  metrics::Kind kind = metrics::Kind::Level;
  std::string_view sentence = {};
};

struct SeriesColumn {
  ColumnMeaning meaning;
  bool in_timeseries = false, in_hourly = false;
};

// In the order of the files.
[[nodiscard]] std::vector<SeriesColumn> series_columns();
// "timeseries.csv and hourly.csv"
[[nodiscard]] std::string files_of(const SeriesColumn& column);

// A distribution is one, its parts in its name: "latency.ttft_s.{mean, p50, p90, p95, p99, max}".
struct ToldMetric {
  std::string name;
  const Metric* first;  // of the parts
};
[[nodiscard]] std::vector<ToldMetric> told_metrics(std::string_view group = "");
// The group and the distributions below it, the numbers, and the columns that have this part in
// their name: latency.ttft_s for "ttft".
[[nodiscard]] std::vector<std::string> metrics_with(std::string_view part);

// One line each: what it is called, its unit, half a sentence; columns too.
struct MetricLine {
  std::string name, unit, meaning;
};
[[nodiscard]] std::vector<MetricLine> metric_lines(std::string_view name_or_group = "");

// In words: one number or column, or all below a group; "" is everything. Empty when nothing has
// this name.
[[nodiscard]] std::string explain_metrics(std::string_view name_or_group);

}  // namespace epfleet::report
