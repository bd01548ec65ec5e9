// `epfleet explain`: keys and metrics in words, as a page, as a JSON Schema.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "commands.h"
#include "epfleet/config/equivalents.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/topics.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/terminal_style.h"
#include "epfleet/text/nearest_word.h"
#include "epfleet/text/parse.h"
#include "epfleet/text/prose.h"
#include "reference_pages.h"

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

struct ExplainRequest {
  std::string name;
  std::string guesses_of;
  bool json_schema = false;
  bool metrics = false;
  bool equivalents = false;
  bool markdown = false;
  bool list = false;
  bool all = false;
};

// --- one line each

struct Line {
  std::string name, value, meaning;  // value: the default, or the unit
};

std::vector<Line> key_lines(std::string_view group) {
  std::vector<Line> lines;
  for (const config::KeyLine& key : config::key_lines(group)) {
    lines.push_back({key.name, key.standard, key.meaning});
  }
  return lines;
}

std::vector<Line> metric_lines(std::string_view group) {
  std::vector<Line> lines;
  for (const report::MetricLine& metric : report::metric_lines(group)) {
    lines.push_back({metric.name, metric.unit, metric.meaning});
  }
  return lines;
}

std::vector<Line> equivalent_lines() {
  std::vector<Line> lines;
  for (const config::Equivalent& one : config::equivalents()) {
    lines.push_back(
        {std::string(one.spellings), std::string(one.tool),
         one.keys.empty() ? fmt::format("none: {}", one.meaning) : std::string(one.keys)});
  }
  return lines;
}

// A column as wide as nearly all need: what is longer moves its own line only.
std::size_t column_width(const std::vector<Line>& lines, std::string Line::* member,
                         std::size_t most) {
  std::size_t width = 0;
  for (const Line& line : lines) {
    const std::size_t own = (line.*member).size();
    width = own > most ? width : std::max(width, own);
  }
  return width;
}

std::string list_of(const std::vector<Line>& lines, const report::TerminalStyle& style) {
  const bool narrow = style.is_terminal && style.width < 80;
  const std::size_t name_width = column_width(lines, &Line::name, narrow ? 30 : 44);
  const std::size_t value_width = column_width(lines, &Line::value, narrow ? 8 : 16);
  std::string text;
  for (const Line& line : lines) {
    std::string one = fmt::format("{:<{}}  {:<{}}  {}", line.name, name_width, line.value,
                                  value_width, line.meaning);
    for (char& c : one) {
      c = c == '\n' ? ' ' : c;  // a default of several lines
    }
    if (style.is_terminal && one.size() > style.width) {
      one = one.substr(0, style.width - 2) + "..";
    }
    text += std::string(text::trimmed_end(one)) + "\n";
  }
  return text;
}

// --- what there is to ask

std::string topics_page() {
  std::vector<Line> lines;
  for (const config::Topic& topic : config::topics()) {
    lines.push_back({"  " + std::string(topic.name), "", std::string(topic.purpose)});
  }
  std::string text = "Topics of keys:\n\n";
  const std::size_t width = column_width(lines, &Line::name, 40);
  for (const Line& line : lines) {
    text += fmt::format("{:<{}}  {}\n", line.name, width, line.meaning);
  }
  std::vector<std::string> groups;
  for (const report::Metric& metric : report::metric_catalogue()) {
    const std::string group = metric.path.substr(0, metric.path.find('.'));
    if (std::ranges::find(groups, group) == groups.end()) {
      groups.push_back(group);
    }
  }
  text += fmt::format("\nTopics of metrics:\n\n  {}\n", fmt::join(groups, ", "));
  text +=
      "\nepfleet explain NAME   all about a topic, a key, a metric, a column of a CSV; or what has "
      "this in its name (ttft), or is another tool's word for it (max_num_seqs)\n"
      "  --list               one line each, of NAME or of all keys\n"
      "  --metrics            of metrics and columns only\n"
      "  --all                all keys in full, as into a pipe\n";
  return text;
}

// --- names

// Keys and metrics share a few names of groups (slo, workload): then both are told.
std::string in_full(const std::string& name, bool metrics_only) {
  const std::string metrics = report::explain_metrics(name);
  if (metrics_only || !config::is_explained(name)) {
    return metrics;
  }
  const std::string keys = config::explain(name);
  return metrics.empty() || name.empty()
             ? keys
             : fmt::format("{}\nMetrics of a run by that name:\n\n{}", keys, metrics);
}

std::vector<Line> lines_of(const std::string& name, bool metrics_only) {
  std::vector<Line> lines;
  if (!metrics_only) {
    lines = key_lines(name);
  }
  if (metrics_only || !name.empty()) {
    std::ranges::move(metric_lines(name), std::back_inserter(lines));
  }
  return lines;
}

// Keys, groups and metrics with this in their name.
std::vector<std::string> names_with(const std::string& part, bool metrics_only) {
  std::vector<std::string> names;
  for (const config::KeyLine& key : config::key_lines("")) {
    const auto at = key.name.find(part);
    if (!metrics_only && at != std::string::npos) {
      const std::string name = key.name.substr(0, key.name.find('.', at + part.size()));
      if (std::ranges::find(names, name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  std::ranges::move(report::metrics_with(part), std::back_inserter(names));
  return names;
}

std::string answer_by_part(const ExplainRequest& request, const report::TerminalStyle& style) {
  const std::vector<std::string> names = names_with(request.name, request.metrics);
  if (names.size() == 1 && !request.list) {
    return in_full(names.front(), request.metrics);
  }
  std::vector<Line> lines;
  for (const std::string& name : names) {
    for (Line& line : lines_of(name, request.metrics)) {
      if (std::ranges::find(lines, line.name, &Line::name) == lines.end()) {
        lines.push_back(std::move(line));
      }
    }
  }
  return list_of(lines, style) + (lines.empty() || request.list
                                      ? ""
                                      : "\nepfleet explain NAME tells all about one of them.\n");
}

std::string answer(const ExplainRequest& request, const report::TerminalStyle& style) {
  const std::string& name = request.name;
  const bool is_exact = name.empty() || !lines_of(name, request.metrics).empty() ||
                        !in_full(name, request.metrics).empty();
  const bool is_path = name.find('.') != std::string::npos;
  std::string text = !is_exact      ? (is_path ? "" : answer_by_part(request, style))
                     : request.list ? list_of(lines_of(name, request.metrics), style)
                                    : in_full(name, request.metrics);
  if (!request.metrics && !name.empty()) {
    const std::string theirs = config::explain_equivalents(name, text.empty());
    text += theirs.empty()
                ? ""
                : fmt::format("{}Words of other tools:\n\n{}", text.empty() ? "" : "\n", theirs);
  }
  if (text.empty()) {
    throw unknown_name(name);
  }
  return text;
}

std::string markdown(const ExplainRequest& request) {
  return request.equivalents ? equivalents_page() : request.metrics ? metrics_page() : keys_page();
}

void explain(const ExplainRequest& request) {
  const report::TerminalStyle style = report::terminal_style(stdout);
  if (request.json_schema) {
    fmt::print("{}", config::json_schema());
  } else if (request.markdown) {
    fmt::print("{}", markdown(request));
  } else if (request.equivalents) {
    show(list_of(equivalent_lines(), style));
  } else if (!request.guesses_of.empty()) {
    fmt::print("key,central,low,high\n");
    for (const auto& guess : config::guesses(config::load_scenario(request.guesses_of))) {
      fmt::print("{},{},{},{}\n", guess.key, guess.central, guess.low, guess.high);
    }
  } else if (request.name.empty() && !request.list && !request.all && !request.metrics &&
             style.is_terminal) {
    show(topics_page());
  } else {
    show(answer(request, style));
  }
}

}  // namespace

void add_explain(Command app, Chosen& chosen) {
  auto request = std::make_shared<ExplainRequest>();
  const Command command = app.add_subcommand("explain", "Explain scenario keys and metrics");
  command.add_option("NAME", request->name,
                     "A topic (scaling), a key, a metric, a column of a CSV, a part of a name "
                     "(ttft), or another tool's word (max_num_seqs); without it the topics, into a "
                     "pipe all keys");
  command.add_flag("--list", request->list,
                   "One line each: name, default or unit, half a sentence");
  command.add_flag("--metrics", request->metrics,
                   "Metrics and columns only (default: all of them)");
  command.add_flag("--equivalents", request->equivalents,
                   "Words of vLLM, SGLang, Dynamo and llm-d, and ours for them");
  command.add_flag("--all", request->all, "Without NAME: all keys in full, on a terminal too");
  command.add_flag("--markdown", request->markdown,
                   "All keys, or with --metrics or --equivalents these, as a page in Markdown");
  command.add_flag("--json-schema", request->json_schema, "All keys as a JSON Schema, for editors");
  command.add_option("--guesses", request->guesses_of,
                     "CSV of this scenario's guesses with their plausible ranges");
  when_chosen(command, chosen, request, explain);
}

}  // namespace epfleet::cli
