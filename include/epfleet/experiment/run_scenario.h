// One scenario from its configuration to its report: makes the workload, the store and the fleet,
// runs them, and gathers what the observers saw. Sweeps and plans call this once per case.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/config/scenario.h"
#include "epfleet/observe/facts.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/report/run_report.h"

namespace epfleet::experiment {

struct RunOptions {
  const std::atomic<bool>* stop = nullptr;  // becomes true: end now, with a partial report
  std::optional<base::Duration> until;      // of the counted window; the report is then partial
  std::function<void(const observe::FleetSample&)> progress;  // at every sample
  // Where requests.csv.zst and timeline.json stream to, if the scenario asks for them.
  report::ResultFolder* folder = nullptr;
  std::string trace_events;  // file for one line per executed event; empty: none
  bool threads = true;       // arrivals and statistics on a second thread; same bytes without
};

// Throws InputError for what only shows when the parts are made (totals that cannot be met, a
// broken trace).
[[nodiscard]] report::RunReport run_scenario(const config::Scenario& scenario,
                                             const RunOptions& options);

}  // namespace epfleet::experiment
