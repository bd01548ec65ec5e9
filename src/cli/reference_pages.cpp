#include "reference_pages.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string>

#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/report/catalogue.h"

namespace epfleet::cli {
namespace {

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

}  // namespace

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

}  // namespace epfleet::cli
