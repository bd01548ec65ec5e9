#include "reference_pages.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string>

#include "epfleet/config/equivalents.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/topics.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/request_log.h"

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

// "`a`, `b`" of "a, b".
std::string codes(std::string_view names) {
  const auto comma = names.find(", ");
  return comma == std::string_view::npos
             ? code(names)
             : code(names.substr(0, comma)) + ", " + codes(names.substr(comma + 2));
}

std::string type_of(const config::Key& key) {
  const std::string values = config::values_of(key);
  return key.range_text.empty() ? values : fmt::format("{}; {}", values, key.range_text);
}

std::string meaning_of(const config::Key& key, const std::string& name) {
  std::string text = key.help;
  for (const config::Choice& choice : key.choices) {
    text += choice.meaning.empty() ? "" : fmt::format(" *{}*: {}.", choice.name, choice.meaning);
  }
  for (const config::Key* guess : config::guesses_of(name)) {
    text += fmt::format(" {} guess, plausible {} .. {}.",
                        name == guess->name ? "A" : fmt::format("`{}`: a", guess->name),
                        guess->plausible_low, guess->plausible_high);
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
  for (const auto& [name, metric] : report::told_metrics()) {
    text +=
        row({code(name), metric->unit, word(metric->kind), word(metric->better), metric->sentence});
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
      "`hardware`, for the units of that phase only, and every class of sessions\nthe keys of "
      "`workload.classes.NAME`.\n`extends` names a file that this one is put "
      "on top of: groups add up, all else is replaced.\n";
  std::string_view group;
  for (const config::Key* key : config::told_keys("")) {
    const std::string name = config::told_name(*key);
    if (const config::Topic* topic = config::find_topic(config::topic_of(name));
        topic != nullptr && topic->name != group) {
      group = topic->name;
      text += fmt::format("\n## {}\n\n{}\n\n", group == "run" ? "The run" : group, topic->purpose) +
              heading({"key", "value", "default", "meaning", "source"});
    }
    text += row({code(name), type_of(*key), code(key->print(defaults)), meaning_of(*key, name),
                 key->source});
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
  text +=
      "\n## requests.csv.zst\n\nA row is a request, with `report.requests: sample` or `all` "
      "(`report.request_format`: requests.csv.gz, requests.csv).\nWhat was not reached is an empty "
      "field. [data.md](data.md) reads it.\n\n";
  text += heading({"column", "unit", "meaning"});
  for (const report::RequestColumn& column : report::request_columns()) {
    text += row({code(column.name), std::string(column.unit), std::string(column.sentence)});
  }
  return text;
}

std::string equivalents_page() {
  std::string text =
      "# Words of other tools\n\nMade by `epfleet explain --equivalents --markdown`; do not edit. "
      "What vLLM, SGLang, Dynamo and llm-d call the\nthings that scenarios set here. `epfleet "
      "explain max_num_seqs` finds a row, and a scenario with a word of theirs is\ntold ours. An "
      "option and a key are the same word: `--max-num-seqs`, `max_num_seqs`. What is a number of "
      "an engine there is\none of a GPU here, since attention is data parallel; milliseconds and "
      "seconds there are values with units here.\n";
  std::string_view tool;
  for (const config::Equivalent& one : config::equivalents()) {
    if (one.tool != tool) {
      tool = one.tool;
      text += fmt::format("\n## {}\n\n", tool) + heading({"there", "here", "value"});
    }
    text += row({codes(one.spellings), one.keys.empty() ? "none" : codes(one.keys),
                 std::string(one.meaning)});
  }
  return text;
}

}  // namespace epfleet::cli
