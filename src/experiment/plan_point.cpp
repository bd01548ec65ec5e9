// One run of a plan (declared in capacity_plan.h).
#include "epfleet/base/error.h"
#include "epfleet/experiment/capacity_plan.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/experiment/verdict.h"

namespace epfleet::experiment {

PlanPoint simulate_point(const std::string& scenario,
                         const std::vector<config::Override>& overrides,
                         const std::atomic<bool>* stop) {
  PlanPoint point;
  RunOptions options;
  options.stop = stop;
  report::RunReport report;
  try {
    report = run_scenario(config::load_scenario(scenario, overrides), options);
  } catch (const base::InputError& error) {
    point.why_not = "refused: " + error.problems().front().text();
    return point;
  }
  if (report.overrun) {
    point.why_not = kOverrun;
    return point;
  }
  require_slo(report.statistics, "a plan");
  const Verdict verdict = meets_slo(report.statistics);
  point.met = verdict.good;
  point.why_not = verdict.why;
  point.metrics = report::metric_values(report);
  return point;
}

}  // namespace epfleet::experiment
