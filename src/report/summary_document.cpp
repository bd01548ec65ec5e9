#include "summary_document.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

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
  struct ToJson {
    Json operator()(std::monostate /*none*/) const { return nullptr; }
    Json operator()(bool truth) const { return truth; }
    Json operator()(std::int64_t count) const { return count; }
    Json operator()(double number) const { return number; }
  };
  return std::visit(ToJson{}, value);
}

Json summary_document(const RunReport& report) {
  Json summary;
  summary["schema"] = kSummarySchema;
  summary["scenario"] = scenario(report);
  for (const Metric& metric : metric_catalogue()) {
    at(summary, metric.path) = json_of(metric.value(report));
    if (metric.path == "simulated_s") {
      summary["partial"] = report.partial;  // of that time
    }
  }
  summary["solved_totals"] = solved(report.solved_totals);
  summary["notes"] = report.notes;
  summary["command"] = report.command;
  return summary;
}

}  // namespace epfleet::report
