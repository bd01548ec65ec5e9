// A plan as tables (declared in capacity_plan.h).
#include <fmt/format.h>

#include <algorithm>

#include "epfleet/experiment/capacity_plan.h"
#include "epfleet/text/quote.h"
#include "plan_columns.h"

namespace epfleet::experiment {
namespace {

// Beside the columns of the terminal.
constexpr std::array<const char*, 4> kAlso = {"cost.usd", "verdict.headroom_ratio",
                                              "margin.theoretical_ratio", "margin.expected_ratio"};
constexpr const char* kPerGpu = "throughput.output_tps_per_gpu";
constexpr const char* kPerUser = "latency.output_speed_tps.mean";

std::vector<std::string> metrics_of(const PlanQuestion& question) {
  std::vector<std::string> metrics;
  const auto add = [&](const std::string& metric) {
    if (std::ranges::count(metrics, metric) == 0) {
      metrics.push_back(metric);
    }
  };
  std::ranges::for_each(kPlanColumns, [&](const PlanColumn& column) { add(column.metric); });
  std::ranges::for_each(kAlso, add);
  std::ranges::for_each(further_metrics(question), add);
  return metrics;
}

std::string row(const PlanQuestion& question, const std::string& change, const PlanAnswer& answer,
                const PlanPoint& point) {
  std::string csv = text::csv_field(change);
  for (const std::string& grid_value : answer.grid_values) {
    csv += "," + text::csv_field(grid_value);
  }
  if (question.searched) {
    csv += "," + text::csv_field(question.value_text(point.value));
  }
  csv += fmt::format(",{},{}", point.met ? 1 : 0, answer.best == point.value ? 1 : 0);
  for (const std::string& metric : metrics_of(question)) {
    const auto found = point.metrics.find(metric);
    csv += "," + (found == point.metrics.end() ? "" : found->second);
  }
  return csv + "," + text::csv_field(point.why_not) + "\n";
}

}  // namespace

std::string plan_csv_head(const PlanQuestion& question) {
  std::string csv = "change";
  for (const Vary& vary : question.grid) {
    csv += "," + vary.key;
  }
  if (question.searched) {
    csv += "," + question.searched->key;
  }
  return fmt::format("{},met,best,{},why_not\n", csv, fmt::join(metrics_of(question), ","));
}

std::string plan_csv_rows(const PlanQuestion& question, const std::string& change,
                          const std::vector<PlanAnswer>& answers) {
  std::string csv;
  for (const PlanAnswer& answer : answers) {
    for (const auto& [value, point] : answer.tried) {
      csv += row(question, change, answer, point);
    }
  }
  return csv;
}

std::string pareto_csv(const PlanQuestion& question, const std::vector<PlanAnswer>& answers) {
  struct Candidate {
    double per_user, per_gpu;
    std::string row;
  };
  std::vector<Candidate> all;
  for (const PlanAnswer& answer : answers) {
    for (const auto& [value, point] : answer.tried) {
      const auto per_user = point.metric(kPerUser), per_gpu = point.metric(kPerGpu);
      if (point.met && per_user && per_gpu) {
        all.push_back({*per_user, *per_gpu, row(question, "", answer, point)});
      }
    }
  }
  // From the fastest for the user on, whoever gives more per GPU than all before.
  std::ranges::stable_sort(all, [](const Candidate& a, const Candidate& b) {
    return a.per_user != b.per_user ? a.per_user > b.per_user : a.per_gpu > b.per_gpu;
  });
  std::string front;
  double most = 0.0;
  for (const Candidate& one : all) {
    if (one.per_gpu > most) {
      most = one.per_gpu;
      front = one.row + front;
    }
  }
  return plan_csv_head(question) + front;
}

}  // namespace epfleet::experiment
