// Numbers and columns in words (declared in catalogue.h).
#include <fmt/format.h>

#include "epfleet/report/catalogue.h"

namespace epfleet::report {
namespace {

bool is_below(std::string_view path, std::string_view group) {
  return group.empty() || path == group || (path.starts_with(group) && path[group.size()] == '.');
}

std::string explanation(const Metric& metric) {
  return fmt::format("{}\n  {}; {}{}{}{}{}\n    {}\n", metric.path, metric.unit,
                     base::name_in(metrics::kKindNames, metric.kind),
                     metric.part.empty() ? "" : ", ", metric.part,
                     metric.better == metrics::Better::Neither ? "" : "; ",
                     base::name_in(metrics::kBetterNames, metric.better), metric.sentence);
}

std::string explanation(const SeriesColumn& column) {
  const ColumnMeaning& meaning = column.meaning;
  const std::string head = fmt::format("{}\n  column of {}", meaning.name, files_of(column));
  if (const Metric* same = find_metric(meaning.path)) {
    return fmt::format("{}: {} by interval or hour\n{}", head, same->path,
                       explanation(*same).substr(same->path.size() + 1));
  }
  return fmt::format("{}\n  {}; {}\n    {}\n", head, meaning.unit,
                     base::name_in(metrics::kKindNames, meaning.kind), meaning.sentence);
}

}  // namespace

std::string files_of(const SeriesColumn& column) {
  return !column.in_hourly       ? "timeseries.csv"
         : !column.in_timeseries ? "hourly.csv"
                                 : "timeseries.csv and hourly.csv";
}

std::string explain_metrics(std::string_view name_or_group) {
  std::string text;
  const auto add = [&](const std::string& one) { text += (text.empty() ? "" : "\n") + one; };
  for (const Metric& metric : metric_catalogue()) {
    if (is_below(metric.path, name_or_group)) {
      add(explanation(metric));
    }
  }
  for (const SeriesColumn& column : series_columns()) {
    if (name_or_group.empty() || column.meaning.name == name_or_group) {
      add(explanation(column));
    }
  }
  return text;
}

}  // namespace epfleet::report
