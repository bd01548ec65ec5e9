// The best value of a key under the service-level objectives: the fewest groups for the peak hour,
// the highest rate of a fleet, the cheapest prefill share. One key is searched, others are a grid
// around it.
// Modelled: whether the objectives are met is taken to change once along the searched key; the edge
//   is bisected. The minimised metric is taken to have one valley on the side where they are met.
//   In the end an order of the tried values that contradicts this is reported.
// Left out: a guarantee; a value between two tried ones may behave otherwise (a sweep over the key
//   shows it).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/config/loader.h"
#include "epfleet/experiment/vary.h"
#include "epfleet/report/metric_values.h"

namespace epfleet::experiment {

struct PlanPoint;

struct PlanQuestion {
  std::string scenario;
  std::vector<config::Override> overrides;
  Vary searched;            // REQUIRES: a range
  std::vector<Vary> grid;   // around it
  std::string minimise;     // metric; empty: maximise the searched key
  double precision = 0.02;  // of a value that is not whole

  // What the best point has least of; infinite where it was not measured.
  [[nodiscard]] double cost_of(const PlanPoint& point) const;
};

// One run of it.
struct PlanPoint {
  double value = 0.0;  // of the searched key
  bool met = false;
  std::string why_not;
  report::MetricValues metrics;  // empty: the scenario is refused

  [[nodiscard]] std::optional<double> metric(const std::string& name) const;
};

// The search at one point of the grid.
struct PlanAnswer {
  std::vector<std::string> grid_values;
  std::map<double, PlanPoint> tried;
  std::optional<double> best;  // none: the objectives are met nowhere
  std::vector<std::string> remarks;
  [[nodiscard]] const PlanPoint& point() const { return tried.at(*best); }
};

using Simulate = std::function<PlanPoint(const std::vector<config::Override>&)>;

// Runs the scenario with these keys on top; a refused one is a point that does not meet them.
// Throws base::InputError when the scenario has no objective.
[[nodiscard]] PlanPoint simulate_point(const std::string& scenario,
                                       const std::vector<config::Override>& overrides,
                                       const std::atomic<bool>* stop);

// One answer for every combination of the grid. `start`: near an answer of a similar question.
// `simulate` is replaced in tests.
[[nodiscard]] std::vector<PlanAnswer> make_plan(const PlanQuestion& question,
                                                const Simulate& simulate,
                                                std::optional<double> start = std::nullopt);

// The answer of all that is best by the question; none: no objective is met anywhere.
[[nodiscard]] const PlanAnswer* best_of(const PlanQuestion& question,
                                        const std::vector<PlanAnswer>& answers);

// The answers with their neighbours, and the best one in a sentence.
[[nodiscard]] std::string plan_text(const PlanQuestion& question,
                                    const std::vector<PlanAnswer>& answers);
// What a change of the question changes in the best answer.
[[nodiscard]] std::string change_text(const PlanQuestion& question, const std::string& change,
                                      const PlanAnswer* before, const PlanAnswer* after);
// Every point that was tried. `change`: empty for the question itself.
[[nodiscard]] std::string plan_csv_head(const PlanQuestion& question);
[[nodiscard]] std::string plan_csv_rows(const PlanQuestion& question, const std::string& change,
                                        const std::vector<PlanAnswer>& answers);

}  // namespace epfleet::experiment
