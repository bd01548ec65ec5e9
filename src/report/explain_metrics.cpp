// Numbers and columns in words (declared in catalogue.h).
#include <fmt/format.h>

#include <algorithm>

#include "epfleet/report/catalogue.h"
#include "epfleet/report/request_log.h"
#include "epfleet/text/prose.h"

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

std::string explanation(const RequestColumn& column) {
  return fmt::format("{}\n  column of requests.csv.zst{}{}\n    {}\n", column.name,
                     column.unit.empty() ? "" : "; ", column.unit, column.sentence);
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
  for (const RequestColumn& column : request_columns()) {
    if (name_or_group.empty() || column.name == name_or_group) {
      add(explanation(column));
    }
  }
  return text;
}

std::vector<ToldMetric> told_metrics(std::string_view group) {
  std::vector<ToldMetric> told;
  const auto all = metric_catalogue();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_below(all[i].path, group)) {
      continue;
    }
    told.push_back({all[i].path, &all[i]});
    const std::string own = all[i].path.substr(0, all[i].path.rfind('.') + 1);
    if (all[i].part.empty() || all[i].path == group) {
      continue;
    }
    std::string parts = all[i].path.substr(own.size());
    for (; i + 1 < all.size() && all[i + 1].path.starts_with(own); ++i) {
      parts += ", " + all[i + 1].path.substr(own.size());
    }
    told.back().name = fmt::format("{}{{{}}}", own, parts);
  }
  return told;
}

std::vector<std::string> metrics_with(std::string_view part) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (std::ranges::find(names, name) == names.end()) {
      names.emplace_back(name);
    }
  };
  for (const Metric& metric : metric_catalogue()) {
    if (const auto at = metric.path.find(part); at != std::string::npos) {
      // Of a distribution, or a group of a few, the group.
      add(std::string_view(metric.path).substr(0, metric.path.find('.', at + part.size())));
    }
  }
  for (const SeriesColumn& column : series_columns()) {
    if (column.meaning.name.find(part) != std::string_view::npos) {
      add(column.meaning.name);
    }
  }
  for (const RequestColumn& column : request_columns()) {
    if (column.name.find(part) != std::string_view::npos) {
      add(column.name);
    }
  }
  return names;
}

std::vector<MetricLine> metric_lines(std::string_view name_or_group) {
  std::vector<MetricLine> lines;
  for (const ToldMetric& told : told_metrics(name_or_group)) {
    lines.push_back({told.name, told.first->unit, text::half_sentence(told.first->sentence)});
  }
  for (const SeriesColumn& column : series_columns()) {
    if (name_or_group.empty() || column.meaning.name == name_or_group) {
      const Metric* same = find_metric(column.meaning.path);
      lines.push_back({std::string(column.meaning.name),
                       same == nullptr ? std::string(column.meaning.unit) : same->unit,
                       same == nullptr ? text::half_sentence(column.meaning.sentence)
                                       : same->path + " by interval or hour"});
    }
  }
  for (const RequestColumn& column : request_columns()) {
    if (name_or_group.empty() || column.name == name_or_group) {
      lines.push_back({std::string(column.name), std::string(column.unit),
                       text::half_sentence(column.sentence)});
    }
  }
  return lines;
}

}  // namespace epfleet::report
