// `epfleet explain`: keys and metrics in words, as a page, as a JSON Schema.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <vector>

#include "commands.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/text/nearest_word.h"
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
