#include "summary_document.h"

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <variant>

#include "epfleet/report/catalogue.h"
#include "epfleet/report/result_folder.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::ordered_json;

Json scenario(const RunReport& report) {
  return {{"name", report.scenario},
          {"seed", report.seed},
          {"fingerprint", report.scenario_fingerprint},
          {"trajectory_fingerprint", fmt::format("{:016x}", report.trajectory_fingerprint)}};
}

Json solved(const std::vector<workload::SolvedTotal>& totals) {
  Json rows = Json::array();
  for (const workload::SolvedTotal& total : totals) {
    rows.push_back({{"name", total.name}, {"asked", total.asked}, {"achieved", total.achieved}});
  }
  return rows;
}

// The place in the document that a dotted path names; made where there is none.
Json& at(Json& document, std::string_view path) {
  Json* node = &document;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    node = &(*node)[std::string(path.substr(0, dot))];
    path.remove_prefix(dot + 1);
  }
  return (*node)[std::string(path)];
}

}  // namespace

Json json_of(const metrics::Value& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (std::is_same_v<decltype(held), const std::monostate&>) {
          return nullptr;
        } else {
          return held;
        }
      },
      value);
}

Json summary_document(const RunReport& report) {
  Json summary;
  summary["schema"] = kSummarySchema;
  summary["scenario"] = scenario(report);
  for (const Metric& metric : metric_catalogue()) {
    if (metric.of_any_class) {
      continue;
    }
    at(summary, metric.path) = json_of(metric.value(report));
    if (metric.path == "verdict.stable") {
      summary["verdict"]["binds"] = report.verdict.binds;
      summary["verdict"]["why"] = report.verdict.why;
    }
    if (metric.path == "simulated_s") {
      summary["partial"] = report.partial;  // of that time
    }
  }
  if (!report.rows) {
    summary.erase("accounting");  // there was no trace
  } else {
    Json& reasons = summary["accounting"]["skipped_by"] = Json::object();
    for (const workload::SkippedRows& one : report.rows->skipped_by) {
      reasons[one.reason] = one.rows;
    }
  }
  for (const metrics::ClassResult& one : report.statistics.classes) {
    for (const Metric& metric : class_metrics(one.objectives.name)) {
      at(summary, metric.path) = json_of(metric.value(report));
    }
  }
  summary["solved_totals"] = solved(report.solved_totals);
  summary["notes"] = report.notes;
  summary["command"] = report.command;
  return summary;
}

}  // namespace epfleet::report
