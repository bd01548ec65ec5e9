// A plan as text (declared in capacity_plan.h).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "epfleet/experiment/capacity_plan.h"
#include "epfleet/report/human_numbers.h"
#include "plan_columns.h"

namespace epfleet::experiment {
namespace {

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string grid_text(const PlanQuestion& question, const PlanAnswer& answer) {
  std::string text;
  for (std::size_t i = 0; i < question.grid.size(); ++i) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", question.grid[i].key,
                        answer.grid_values[i]);
  }
  return text;
}

// What a row begins with: the searched key, or, without one, the keys of the grid.
struct KeyColumn {
  std::string title;
  std::size_t width = 0;
};

KeyColumn key_column(const PlanQuestion& question, const std::vector<PlanAnswer>& answers) {
  KeyColumn column;
  column.title = question.searched ? question.searched->key : "";
  column.width = std::max<std::size_t>(column.title.size(), 8);
  for (const PlanAnswer& answer : answers) {
    const std::size_t own = question.searched ? 0 : grid_text(question, answer).size();
    column.width = std::max(column.width, own);
  }
  return column;
}

std::string head(const PlanQuestion& question, const KeyColumn& key, const std::string& currency) {
  std::string line = report::padded_left(key.title, key.width);
  for (const PlanColumn& column : kPlanColumns) {
    line += " " + report::padded_left(title_of(column, currency), width_of(column, currency));
  }
  const std::vector<std::string> further = further_metrics(question);
  for (const std::string& metric : further) {
    line += "  " + metric;
  }
  return line + "\n";
}

std::string row(const PlanQuestion& question, const PlanAnswer& answer, const PlanPoint& point,
                const KeyColumn& key, const char* mark) {
  const std::string begin =
      question.searched ? question.value_text(point.value) : grid_text(question, answer);
  std::string line = report::padded_left(begin, key.width);
  for (const PlanColumn& column : kPlanColumns) {
    line += " " + report::padded_left(number(point.metric(column.metric)),
                                      width_of(column, point.currency));
  }
  for (const std::string& metric : further_metrics(question)) {
    line += "  " + report::padded_left(number(point.metric(metric)), metric.size());
  }
  line += mark != nullptr ? fmt::format("  <- {}", mark)
          : point.met     ? "  meets all"
                          : "  misses: " + point.why_not;
  return line + "\n";
}

// As the runs say it; a point that was not run says nothing.
std::string currency_of(const std::vector<PlanAnswer>& answers) {
  for (const PlanAnswer& answer : answers) {
    for (const auto& [value, point] : answer.tried) {
      if (!point.metrics.empty()) {
        return point.currency;
      }
    }
  }
  return "USD";
}

// The answer and the nearest tried values on both sides.
std::string rows(const PlanQuestion& question, const PlanAnswer& answer, const KeyColumn& key,
                 const char* mark) {
  const auto best = answer.tried.find(*answer.best);
  std::string text;
  if (best != answer.tried.begin()) {
    text += row(question, answer, std::prev(best)->second, key, nullptr);
  }
  text += row(question, answer, best->second, key, mark);
  if (std::next(best) != answer.tried.end()) {
    text += row(question, answer, std::next(best)->second, key, nullptr);
  }
  return text;
}

constexpr const char* kAnswer = "the answer";

std::string tables(const PlanQuestion& question, const std::vector<PlanAnswer>& answers,
                   const PlanAnswer* best) {
  const KeyColumn key = key_column(question, answers);
  std::string text = question.searched ? "" : head(question, key, currency_of(answers));
  for (const PlanAnswer& answer : answers) {
    if (!question.searched) {
      text += row(question, answer, answer.tried.begin()->second, key,
                  &answer == best ? kAnswer : nullptr);
      continue;
    }
    const std::string grid = grid_text(question, answer);
    text += grid.empty() ? "" : grid + "\n";
    text += answer.best
                ? head(question, key, currency_of(answers)) +
                      rows(question, answer, key, &answer == best ? kAnswer : "best of these")
                : "";
    for (const std::string& remark : answer.remarks) {
      text += "! " + remark + "\n";
    }
    const auto run =
        std::ranges::count_if(answer.tried, [](const auto& one) { return one.second.run; });
    const auto out = answer.tried.size() - static_cast<std::size_t>(run);
    text += fmt::format("{} values tried{}\n\n", run,
                        out > 0 ? fmt::format(", {} ruled out by a neighbour", out) : "");
  }
  return question.searched ? text : text + "\n";
}

std::string money(const PlanPoint& point) {
  const auto hourly = point.metric("cost.usd_per_hour");
  std::string text = hourly ? fmt::format("{} {} per hour, {} per day; ", report::grouped(*hourly),
                                          point.currency, report::grouped(*hourly * 24.0))
                            : "";
  return text + fmt::format("{} {} per million tokens in, {} out",
                            number(point.metric("unit_cost.usd_per_m_input")), point.currency,
                            number(point.metric("unit_cost.usd_per_m_output")));
}

// How much more load the answer would take.
std::string headroom(const PlanPoint& point) {
  const auto room = point.metric("verdict.headroom_ratio");
  return room ? fmt::format("; about {:.0f} % more load fits", *room * 100.0) : "";
}

std::string sentence(const PlanQuestion& question, const PlanAnswer& answer) {
  const PlanPoint& point = answer.point();
  const char* under = question.limits.empty() ? "the objectives" : "the objectives and limits";
  std::string text =
      question.metric.empty()
          ? fmt::format("The highest {} that meets {}", question.searched->key, under)
          : fmt::format("The {} {} under {}", question.most ? "most" : "least", question.metric,
                        under);
  std::vector<std::string> keys;
  if (question.searched) {
    keys.push_back(
        fmt::format("{} = {}", question.searched->key, question.value_text(point.value)));
  }
  if (const std::string grid = grid_text(question, answer); !grid.empty()) {
    keys.push_back(grid);
  }
  text += fmt::format(": {}", fmt::join(keys, " with "));
  if (!question.metric.empty()) {
    text += fmt::format(", {} {}", question.metric, number(point.metric(question.metric)));
  }
  // The highest rate says itself how much fits.
  return text + "; " + money(point) + (question.metric.empty() ? "" : headroom(point)) + ".\n";
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
  const PlanAnswer* best = best_of(question, answers);
  return tables(question, answers, best) +
         (best != nullptr           ? sentence(question, *best)
          : question.limits.empty() ? "The objectives cannot be met in the range.\n"
                                    : "Objectives and limits cannot both be met in the range.\n");
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
  const bool same_grid = grid == grid_text(question, *before);
  std::string answer;
  if (question.searched) {
    const std::string now = question.value_text(b.value), then = question.value_text(a.value);
    answer = fmt::format("{} = {}{}{}", question.searched->key, now,
                         now == then ? " as before" : " instead of " + then,
                         grid.empty() || same_grid ? "" : " with " + grid);
  } else {
    answer = grid + (same_grid ? " as before" : " instead of " + grid_text(question, *before));
  }
  return fmt::format("With {}: {}; cost {} {} per hour, per million tokens {} in, {} out.\n",
                     change, answer, change_of(a, b, "cost.usd_per_hour"), b.currency,
                     change_of(a, b, "unit_cost.usd_per_m_input"),
                     change_of(a, b, "unit_cost.usd_per_m_output"));
}

}  // namespace epfleet::experiment
