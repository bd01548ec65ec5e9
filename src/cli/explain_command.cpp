// `epfleet explain`: keys and metrics in words, as a page, as a JSON Schema.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "commands.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/text/nearest_word.h"

namespace epfleet::cli {
namespace {

// Metrics, their groups, and columns.
std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const report::Metric& metric : report::metric_catalogue()) {
    for (std::size_t dot = 0; dot != std::string::npos;) {
      dot = metric.path.find('.', dot + 1);
      names.push_back(metric.path.substr(0, dot));
    }
  }
  for (const report::SeriesColumn& column : report::series_columns()) {
    names.emplace_back(column.meaning.name);
  }
  return names;
}

base::InputError unknown_name(const std::string& name) {
  const std::string key = config::nearest_key(name);
  const std::string metric = text::nearest_word(name, metric_names());
  std::string nearest = text::nearest_word(name, std::array{key, metric});
  if (nearest.empty()) {
    nearest = key;  // the right word on the wrong level
  }
  return wrong_option(name, "unknown key or metric",
                      nearest.empty()
                          ? "epfleet explain lists all keys, epfleet explain --metrics all metrics"
                          : fmt::format("did you mean '{}'?", nearest));
}

// --- the pages docs/keys.md and docs/metrics.md

// A row of a table; a bar would end the cell.
std::string row(std::initializer_list<std::string> cells) {
  std::string line = "|";
  for (const std::string& cell : cells) {
    line += " ";
    for (const char c : cell) {
      line += c == '|' ? "\\|" : c == '\n' ? " " : std::string(1, c);
    }
    line += " |";
  }
  return line + "\n";
}

std::string heading(std::initializer_list<std::string> cells) {
  std::string line = row(cells) + "|";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += " --- |";
  }
  return line + "\n";
}

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

std::string first_word(std::string_view path) {
  return std::string(path.substr(0, path.find('.')));
}

std::string type_of(const config::Key& key) {
  const std::string values = config::values_of(key);
  return key.range_text.empty() ? values : fmt::format("{}; {}", values, key.range_text);
}

std::string meaning_of(const config::Key& key) {
  std::string text = key.help;
  for (const config::Choice& choice : key.choices) {
    text += choice.meaning.empty() ? "" : fmt::format(" *{}*: {}.", choice.name, choice.meaning);
  }
  if (key.is_guess()) {
    text += fmt::format(" A guess, plausible {} .. {}.", key.plausible_low, key.plausible_high);
  }
  return text;
}

std::string word(metrics::Kind kind) {
  return std::string(base::name_in(metrics::kKindNames, kind));
}

std::string word(metrics::Better better) {
  return better == metrics::Better::Neither ? ""
         : better == metrics::Better::More  ? "more"
                                            : "less";
}

std::string summary_table() {
  std::string text;
  const auto all = report::metric_catalogue();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const report::Metric& metric = all[i];
    std::string path = metric.path;
    if (!metric.part.empty()) {  // a distribution takes one row
      const std::string group = path.substr(0, path.rfind('.') + 1);
      std::string parts = path.substr(group.size());
      for (; i + 1 < all.size() && all[i + 1].path.starts_with(group); ++i) {
        parts += ", " + all[i + 1].path.substr(group.size());
      }
      path = fmt::format("{}{{{}}}", group, parts);
    }
    text += row({code(path), metric.unit, word(metric.kind), word(metric.better), metric.sentence});
  }
  return text;
}

std::string column_row(const report::SeriesColumn& column) {
  const report::ColumnMeaning& meaning = column.meaning;
  const std::string name = code(meaning.name), files = report::files_of(column);
  if (const report::Metric* same = report::find_metric(meaning.path)) {
    return row({name, files, same->unit, word(same->kind),
                fmt::format("`{}` by interval or hour.", same->path)});
  }
  return row(
      {name, files, std::string(meaning.unit), word(meaning.kind), std::string(meaning.sentence)});
}

std::string keys_page() {
  const config::Scenario defaults = config::default_scenario();
  std::string text =
      "# Scenario keys\n\nMade by `epfleet explain --markdown`; do not edit. Any key can be given "
      "to `--set KEY=VALUE`.\n`prefill.hardware` and `decode.hardware` take any field of "
      "`hardware`, for the units of that phase only.\n`extends` names a file that this one is put "
      "on top of: groups add up, all else is replaced.\n";
  std::string group;
  for (const config::Key& key : config::key_table()) {
    if (!key.overrides.empty()) {
      continue;
    }
    if (const std::string own =
            key.name.find('.') == std::string::npos ? "The run" : first_word(key.name);
        own != group) {
      group = own;
      text += fmt::format("\n## {}\n\n", group) +
              heading({"key", "value", "default", "meaning", "source"});
    }
    text +=
        row({code(key.name), type_of(key), code(key.print(defaults)), meaning_of(key), key.source});
  }
  return text;
}

std::string metrics_page() {
  std::string text =
      "# Metrics\n\nMade by `epfleet explain --metrics --markdown`; do not edit. A *flow* adds up "
      "over time, a *level* is of a moment or a\nmean or peak of moments, a *ratio* is of two of "
      "these, a *distribution* is over requests or steps. Which way is *better*\nis what "
      "`epfleet compare` judges by. What was not measured is null in JSON and an empty field in "
      "CSV.\n\n## summary.json\n\n";
  text += heading({"path", "unit", "kind", "better", "meaning"}) + summary_table();
  text +=
      "\n## timeseries.csv and hourly.csv\n\nA row is an interval of `report.interval`, or an "
      "hour. Levels that are not means are those at its begin.\n\n";
  text += heading({"column", "file", "unit", "kind", "meaning"});
  for (const report::SeriesColumn& column : report::series_columns()) {
    text += column_row(column);
  }
  return text;
}

struct ExplainRequest {
  std::string name;
  std::string guesses_of;
  bool json_schema = false;
  bool metrics = false;
  bool markdown = false;
};

// Keys and metrics share a few names of groups (slo, workload): then both are shown.
std::string explanation_of(const std::string& name, bool metrics_only) {
  const std::string metrics = report::explain_metrics(name);
  const bool is_key = config::is_explained(name);
  if (metrics.empty() && (metrics_only || !is_key)) {
    throw unknown_name(name);
  }
  if (metrics_only || !is_key) {
    return metrics;
  }
  const std::string keys = config::explain(name);
  return metrics.empty() || name.empty()
             ? keys
             : fmt::format("{}\nMetrics of a run by that name:\n\n{}", keys, metrics);
}

void explain(const ExplainRequest& request) {
  if (request.json_schema) {
    fmt::print("{}", config::json_schema());
  } else if (request.markdown) {
    fmt::print("{}", request.metrics ? metrics_page() : keys_page());
  } else if (!request.guesses_of.empty()) {
    fmt::print("key,central,low,high\n");
    for (const auto& guess : config::guesses(config::load_scenario(request.guesses_of))) {
      fmt::print("{},{},{},{}\n", guess.key, guess.central, guess.low, guess.high);
    }
  } else {
    fmt::print("{}", explanation_of(request.name, request.metrics));
  }
}

}  // namespace

void add_explain(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<ExplainRequest>();
  CLI::App& command = *app.add_subcommand("explain", "Explain scenario keys and metrics");
  command.add_option("NAME", request->name,
                     "A key, a metric (latency.ttft_s.p95), a column of a CSV, or a group of them "
                     "(default: all keys)");
  command.add_flag("--metrics", request->metrics, "Metrics only (default: all of them)");
  command.add_flag("--markdown", request->markdown,
                   "All keys, or with --metrics all metrics, as a page in Markdown");
  command.add_flag("--json-schema", request->json_schema, "All keys as a JSON Schema, for editors");
  command.add_option("--guesses", request->guesses_of,
                     "CSV of this scenario's guesses with their plausible ranges");
  when_chosen(command, chosen, request, explain);
}

}  // namespace epfleet::cli
