// The runs of a plan: each point once, and none whose answer follows.
// Modelled: what prices alone change is computed from the run that is there. More units are taken
//   to serve no worse and to be no fewer nodes: a point is ruled out when one with no fewer units
//   of any kind does not serve, or one with no more is above a limit on nodes. Where the EP size of
//   a phase is varied and its units are not, the units follow: as many as its GPUs make.
// Left out: units that follow a schedule or groups that scale (refused with a remedy).
#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "epfleet/config/scenario.h"
#include "epfleet/experiment/plan_question.h"
#include "epfleet/report/run_report.h"

namespace epfleet::experiment {

class PlanRuns {
 public:
  // `stop` must outlive this.
  PlanRuns(const PlanQuestion& question, const std::atomic<bool>* stop);

  // The scenario of a point. Throws base::InputError where it is refused.
  [[nodiscard]] config::Scenario scenario(const std::vector<config::Override>& overrides) const;
  // With these keys on top; a refused one is a point that does not serve.
  [[nodiscard]] PlanPoint point(const std::vector<config::Override>& overrides);
  [[nodiscard]] std::size_t simulated() const { return reports_.size(); }
  // What an interrupted plan leaves: a table of the runs so far.
  [[nodiscard]] std::string csv_of_runs() const;

 private:
  // Overrides by key, the last of each; those that only prices read are apart.
  struct Asked {
    std::map<std::string, std::string> simulated, priced;
    [[nodiscard]] std::vector<config::Override> overrides() const;
  };
  struct Tried {
    std::string others;                         // all but the units
    std::map<std::string, std::int64_t> units;  // by key
    PlanPoint point;
  };

  [[nodiscard]] Asked asked(const std::vector<config::Override>& overrides) const;
  void let_units_follow(Asked& asked) const;
  [[nodiscard]] Tried tried_of(const Asked& asked) const;
  [[nodiscard]] const Tried* who_rules_out(const Tried& next) const;
  [[nodiscard]] PlanPoint judge(const report::RunReport& report) const;

  const PlanQuestion question_;
  const std::atomic<bool>* stop_;
  std::set<std::string> varied_;
  std::map<std::string, report::RunReport> reports_;  // by what is simulated
  std::vector<Tried> tried_;
};

}  // namespace epfleet::experiment
