#include "page_data.h"

#include <fmt/format.h>

#include <initializer_list>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/files.h"
#include "epfleet/text/quote.h"
#include "series_columns.h"

namespace epfleet::page {
namespace {

namespace fs = std::filesystem;

// Shown as they are. run_info.json differs between two runs, bench_serving.json says what
// summary.json says, requests.csv.zst and timeline.json are too large.
constexpr std::string_view kShown[] = {"summary.json",      "hourly.csv",     "decisions.csv",
                                       "resolved.yaml",     "steps.json",     "sweep.csv",
                                       "sweep.partial.csv", "comparison.csv", "claims.csv",
                                       "plan.csv",          "pareto.csv",     "distributions.csv"};
constexpr std::string_view kSeries = "timeseries.csv";

std::string kind_of(const fs::path& folder) {
  if (report::is_result_folder(folder)) {
    return "run";
  }
  const auto has = [&](std::string_view name) { return report::holds_file(folder, name); };
  if (has("sweep.csv") || has("sweep.partial.csv")) {
    return "sweep";
  }
  if (has("plan.csv") || has("comparison.csv")) {
    return has("plan.csv") ? "plan" : "comparison";
  }
  throw base::InputError(
      {.file = folder.string(),
       .what = "there is nothing of epfleet in it: no summary.json, sweep.csv, plan.csv or "
               "comparison.csv",
       .remedy = "name the folder of a run, a sweep, a plan or a comparison (their --out)"});
}

// A JSON array of texts.
std::string array(std::initializer_list<std::string_view> texts) {
  std::vector<std::string> quoted;
  for (const std::string_view text : texts) {
    quoted.push_back(text::json_string(text));
  }
  return fmt::format("[{}]", fmt::join(quoted, ","));
}

std::string entry(std::string_view key, std::string_view json) {
  return fmt::format("{}:{}", text::json_string(key), json);
}

std::string object(const std::vector<std::string>& entries) {
  return fmt::format("{{{}}}", fmt::join(entries, ","));
}

// What the folder does not have comes from the sweep, if there is one.
std::string files_json(const fs::path& folder, const fs::path& sweep) {
  std::vector<std::string> files;
  for (const std::string_view name : kShown) {
    auto text = text::read_if_any(folder / name);
    if (!text && !sweep.empty()) {
      text = text::read_if_any(sweep / name);
    }
    if (text) {
      files.push_back(entry(name, text::json_string(*text)));
    }
  }
  return object(files);
}

std::string metrics_json() {
  std::vector<std::string> metrics;
  for (const report::Metric& metric : report::metric_catalogue()) {
    metrics.push_back(entry(metric.path, array({metric.unit, metric.sentence, metric.part,
                                                base::name_in(metrics::kBetterNames, metric.better),
                                                base::name_in(metrics::kKindNames, metric.kind)})));
  }
  return object(metrics);
}

// A column that is the course of a number of summary.json has its unit and its sentence.
std::string columns_json() {
  std::vector<std::string> columns;
  for (const report::SeriesColumn& column : report::series_columns()) {
    const report::ColumnMeaning& meaning = column.meaning;
    const report::Metric* same = report::find_metric(meaning.path);
    columns.push_back(
        entry(meaning.name, array({same != nullptr ? same->unit : meaning.unit,
                                   same != nullptr ? same->sentence : meaning.sentence})));
  }
  return object(columns);
}

std::string keys_json() {
  std::vector<std::string> keys;
  for (const config::Key& key : config::key_table()) {
    keys.push_back(entry(key.name, array({config::values_of(key), key.help, key.source,
                                          key.plausible_low, key.plausible_high})));
  }
  return object(keys);
}

}  // namespace

std::string page_data(const fs::path& folder, const fs::path& sweep) {
  const std::string kind = kind_of(folder);
  if (!sweep.empty() && kind_of(sweep) != "sweep") {
    throw base::InputError({.file = sweep.string(),
                            .key = "--sweep",
                            .what = "is not the folder of a sweep",
                            .remedy = "name the --out of an epfleet sweep that is complete"});
  }
  const auto series = text::read_if_any(folder / kSeries);
  return object({entry("kind", text::json_string(kind)), entry("files", files_json(folder, sweep)),
                 entry("series", series ? series_columns_json(*series) : "null"),
                 entry("metrics", metrics_json()), entry("columns", columns_json()),
                 entry("keys", keys_json())});
}

}  // namespace epfleet::page
