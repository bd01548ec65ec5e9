// One scenario from its configuration to its report: makes the workload, the store and the fleet,
// runs them, and gathers what the observers saw. Sweeps and plans call this once per case.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/config/scenario.h"
#include "epfleet/observe/facts.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/report/run_report.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::experiment {

struct RunOptions {
  const std::atomic<bool>* stop = nullptr;  // becomes true: end now, with a partial report
  std::optional<base::Duration> until;      // of the counted window; the report is then partial
  std::function<void(const observe::FleetSample&)> progress;  // at every sample
  std::function<void(const std::string&)> note;  // what is known before the first event
  // Where requests.csv.zst and timeline.json stream to, if the scenario asks for them.
  report::ResultFolder* folder = nullptr;
  std::string trace_events;  // file for one line per executed event; empty: none
  // Every so many events all kept sums are made anew (cluster/fleet_sums.h); none: never.
  std::optional<std::uint64_t> check_sums;
  bool threads = true;  // arrivals and statistics on a second thread; same bytes without
  // Arrivals in a slice from which on the next slice is drawn there; 0: always, for tests.
  std::size_t worth_a_hand_over = workload::ArrivalFeed::kWorthAHandOver;
};

// Why a report is an overrun.
inline constexpr const char* kOverrun =
    "ended early: more than 10 million requests were in service; the fleet is far too small for "
    "what the workload asks";

// Throws InputError for what only shows when the parts are made (totals that cannot be met, a
// broken trace).
[[nodiscard]] report::RunReport run_scenario(const config::Scenario& scenario,
                                             const RunOptions& options);

// Does all that a run does before its first event, and reads its trace to the end of the window:
// throws InputError where run_scenario would. Returns what RunOptions::note is told.
[[nodiscard]] std::vector<std::string> check_scenario(const config::Scenario& scenario);

// "6 prefill units of 4 nodes and 2 decode units of 18 nodes: 60 nodes"
[[nodiscard]] std::string fleet_in_words(const config::Scenario& scenario);

}  // namespace epfleet::experiment
