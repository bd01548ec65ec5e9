// The metrics that a plan shows of its points, on the terminal and in plan.csv.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/experiment/plan_question.h"

namespace epfleet::experiment {

struct PlanColumn {
  const char* title;
  const char* metric;
};

inline constexpr std::array<PlanColumn, 9> kPlanColumns = {{
    {"nodes", "nodes.mean"},
    {"TTFT p95 s", "latency.ttft_s.p95"},
    {"TPOT p95 s", "latency.tpot_s.p95"},
    {"attained", "slo.attainment_ratio"},
    {"USD/h", "cost.usd_per_hour"},
    {"USD/M in", "unit_cost.usd_per_m_input"},
    {"USD/M out", "unit_cost.usd_per_m_output"},
    {"tok/s/GPU", "throughput.output_tps_per_gpu"},
    {"tok/s/user", "latency.output_speed_tps.mean"},
}};

// With what amounts are called.
[[nodiscard]] inline std::string title_of(const PlanColumn& column, const std::string& currency) {
  constexpr std::string_view kUsd = "USD";
  const std::string title = column.title;
  return title.starts_with(kUsd) ? currency + title.substr(kUsd.size()) : title;
}

[[nodiscard]] inline std::size_t width_of(const PlanColumn& column, const std::string& currency) {
  constexpr std::size_t kNumber = 7;  // 0.05768
  return std::max(title_of(column, currency).size(), kNumber);
}

// Of the aim and the limits, those that have no column.
[[nodiscard]] inline std::vector<std::string> further_metrics(const PlanQuestion& question) {
  std::vector<std::string> metrics;
  const auto add = [&](const std::string& metric) {
    const bool shown = std::ranges::any_of(
        kPlanColumns, [&](const PlanColumn& column) { return metric == column.metric; });
    if (!metric.empty() && !shown && std::ranges::count(metrics, metric) == 0) {
      metrics.push_back(metric);
    }
  };
  add(question.metric);
  for (const PlanLimit& limit : question.limits) {
    add(limit.metric);
  }
  return metrics;
}

}  // namespace epfleet::experiment
