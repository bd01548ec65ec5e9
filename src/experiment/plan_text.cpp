// A plan as text and as a table (declared in capacity_plan.h).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "epfleet/experiment/capacity_plan.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/text/quote.h"

namespace epfleet::experiment {
namespace {

struct Column {
  const char* title;
  const char* metric;
};

// Shown beside the searched key and the minimised metric.
constexpr std::array<Column, 7> kColumns = {{{"nodes", "nodes.mean"},
                                             {"TTFT p95 s", "latency.ttft_s.p95"},
                                             {"TPOT p95 s", "latency.tpot_s.p95"},
                                             {"attained", "slo.attainment_ratio"},
                                             {"cost USD", "cost.usd"},
                                             {"USD/M in", "unit_cost.usd_per_m_input"},
                                             {"USD/M out", "unit_cost.usd_per_m_output"}}};
constexpr std::size_t kWidth = 11;

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

// The metrics of the columns, and the minimised one if it has none.
std::vector<std::string> metrics_of(const PlanQuestion& question) {
  std::vector<std::string> metrics;
  std::ranges::transform(kColumns, std::back_inserter(metrics), &Column::metric);
  if (!question.minimise.empty() && std::ranges::count(metrics, question.minimise) == 0) {
    metrics.push_back(question.minimise);
  }
  return metrics;
}

std::string grid_text(const PlanQuestion& question, const PlanAnswer& answer) {
  std::string text;
  for (std::size_t i = 0; i < question.grid.size(); ++i) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", question.grid[i].key,
                        answer.grid_values[i]);
  }
  return text;
}

std::string head(const PlanQuestion& question, std::size_t key_width) {
  std::string line = report::padded_left(question.searched.key, key_width);
  for (const Column& column : kColumns) {
    line += " " + report::padded_left(column.title, kWidth);
  }
  const std::vector<std::string> metrics = metrics_of(question);
  return line + (metrics.size() > kColumns.size() ? "  " + metrics.back() : "") + "\n";
}

std::string row(const PlanQuestion& question, const PlanPoint& point, bool best,
                std::size_t key_width) {
  std::string line = report::padded_left(question.searched.text(point.value), key_width);
  const std::vector<std::string> metrics = metrics_of(question);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const std::string text = number(point.metric(metrics[i]));
    line += i < kColumns.size() ? " " + report::padded_left(text, kWidth) : "  " + text;
  }
  line += best        ? "  <- the answer"
          : point.met ? "  meets the objectives"
                      : "  misses: " + point.why_not;
  return line + "\n";
}

// The answer and the nearest tried values on both sides.
std::string rows(const PlanQuestion& question, const PlanAnswer& answer, std::size_t key_width) {
  const auto best = answer.tried.find(*answer.best);
  std::string text;
  if (best != answer.tried.begin()) {
    text += row(question, std::prev(best)->second, false, key_width);
  }
  text += row(question, best->second, true, key_width);
  if (std::next(best) != answer.tried.end()) {
    text += row(question, std::next(best)->second, false, key_width);
  }
  return text;
}

std::string sentence(const PlanQuestion& question, const PlanAnswer& answer) {
  const PlanPoint& point = answer.point();
  const std::string grid = grid_text(question, answer);
  const std::string aim =
      question.minimise.empty()
          ? fmt::format("The highest {} that meets the objectives", question.searched.key)
          : fmt::format("The least {} under the objectives", question.minimise);
  std::string text =
      fmt::format("{}: {} = {}", aim, question.searched.key, question.searched.text(point.value));
  if (!grid.empty()) {
    text += fmt::format(" with {}", grid);
  }
  if (!question.minimise.empty()) {
    text += fmt::format(", {} {}", question.minimise, number(point.metric(question.minimise)));
  }
  return text + fmt::format("; {} USD per million tokens in, {} out.\n",
                            number(point.metric("unit_cost.usd_per_m_input")),
                            number(point.metric("unit_cost.usd_per_m_output")));
}

std::string change_of(const PlanPoint& before, const PlanPoint& after, const std::string& metric) {
  const auto a = before.metric(metric);
  const auto b = after.metric(metric);
  if (!a || !b || *a == 0.0) {
    return number(b);
  }
  return fmt::format("{} ({:+.1f} %)", number(b), (*b / *a - 1.0) * 100.0);
}

}  // namespace

std::string plan_text(const PlanQuestion& question, const std::vector<PlanAnswer>& answers) {
  const std::size_t key_width = std::max<std::size_t>(question.searched.key.size(), 8);
  std::string text;
  for (const PlanAnswer& answer : answers) {
    const std::string grid = grid_text(question, answer);
    if (!grid.empty()) {
      text += grid + "\n";
    }
    if (answer.best) {
      text += head(question, key_width) + rows(question, answer, key_width);
    }
    for (const std::string& remark : answer.remarks) {
      text += "! " + remark + "\n";
    }
    text += fmt::format("{} values tried\n\n", answer.tried.size());
  }
  const PlanAnswer* best = best_of(question, answers);
  return text + (best == nullptr ? "The objectives cannot be met in the range.\n"
                                 : sentence(question, *best));
}

std::string change_text(const PlanQuestion& question, const std::string& change,
                        const PlanAnswer* before, const PlanAnswer* after) {
  if (before == nullptr) {
    return "";
  }
  if (after == nullptr) {
    return fmt::format("With {}: the objectives cannot be met in the range.\n", change);
  }
  const PlanPoint& a = before->point();
  const PlanPoint& b = after->point();
  const std::string grid = grid_text(question, *after);
  const std::string now = question.searched.text(b.value);
  const std::string then = question.searched.text(a.value);
  return fmt::format("With {}: {} = {}{}{}; cost {} USD, per million tokens {} in, {} out.\n",
                     change, question.searched.key, now,
                     now == then ? " as before" : " instead of " + then,
                     grid.empty() || grid == grid_text(question, *before) ? "" : " with " + grid,
                     change_of(a, b, "cost.usd"), change_of(a, b, "unit_cost.usd_per_m_input"),
                     change_of(a, b, "unit_cost.usd_per_m_output"));
}

std::string plan_csv_head(const PlanQuestion& question) {
  std::string csv = "change";
  for (const Vary& vary : question.grid) {
    csv += "," + vary.key;
  }
  csv += "," + question.searched.key + ",met,best";
  return fmt::format("{},{},why_not\n", csv, fmt::join(metrics_of(question), ","));
}

std::string plan_csv_rows(const PlanQuestion& question, const std::string& change,
                          const std::vector<PlanAnswer>& answers) {
  std::string csv;
  for (const PlanAnswer& answer : answers) {
    for (const auto& [value, point] : answer.tried) {
      csv += text::csv_field(change);
      for (const std::string& grid_value : answer.grid_values) {
        csv += "," + text::csv_field(grid_value);
      }
      csv += fmt::format(",{},{},{}", question.searched.text(value), point.met ? 1 : 0,
                         answer.best == value ? 1 : 0);
      for (const std::string& metric : metrics_of(question)) {
        const auto found = point.metrics.find(metric);
        csv += "," + (found == point.metrics.end() ? "" : found->second);
      }
      csv += "," + text::csv_field(point.why_not) + "\n";
    }
  }
  return csv;
}

}  // namespace epfleet::experiment
