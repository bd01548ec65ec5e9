// What a plan is asked, and what it answers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/config/loader.h"
#include "epfleet/experiment/vary.h"
#include "epfleet/report/metric_values.h"

namespace epfleet::experiment {

// One run of a plan.
struct PlanPoint {
  double value = 0.0;   // of the searched key
  bool met = false;     // served, and within the limits
  bool served = false;  // the service keeps up and meets its objectives
  bool within = true;   // the limits
  bool run = true;      // false: a neighbour rules it out
  std::string why_not;
  report::MetricValues metrics;  // empty: not run, or the scenario is refused
  std::string currency = "USD";  // what amounts are called

  [[nodiscard]] std::optional<double> metric(const std::string& name) const;
};

// METRIC<=VALUE or METRIC>=VALUE, in the metric's own unit.
struct PlanLimit {
  std::string metric;
  bool at_most = true;
  double value = 0.0;

  // What was not measured holds no limit.
  [[nodiscard]] bool holds(const PlanPoint& point) const;
  [[nodiscard]] std::string text() const;
};
// Throws base::InputError, naming the nearest metric or showing the form.
[[nodiscard]] PlanLimit parse_limit(const std::string& text);

struct PlanQuestion {
  std::string scenario;
  std::vector<config::Override> overrides;
  std::optional<Vary> searched;   // REQUIRES: a range; none: the grid has all that is asked
  std::vector<Vary> grid;         // around it
  std::string metric;             // empty: the searched key, as high as it goes
  bool most = false;              // of the metric, not the least
  std::vector<PlanLimit> limits;  // beside the objectives
  double precision = 0.02;        // of a value that is not whole

  // What the best point has least of; infinite where it was not measured.
  [[nodiscard]] double cost_of(const PlanPoint& point) const;
  // Of the searched key, as --set takes it; empty without one.
  [[nodiscard]] std::string value_text(double value) const;
};

// The search at one point of the grid.
struct PlanAnswer {
  std::vector<std::string> grid_values;
  std::map<double, PlanPoint> tried;
  std::optional<double> best;  // none: the objectives are met nowhere
  std::vector<std::string> remarks;
  [[nodiscard]] const PlanPoint& point() const { return tried.at(*best); }
};

}  // namespace epfleet::experiment
