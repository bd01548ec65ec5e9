// All that the result files and the terminal summary tell about one run, as plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/cost/energy.h"
#include "epfleet/cost/statement.h"
#include "epfleet/metrics/run_statistics.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/report/efficiency.h"
#include "epfleet/report/published.h"
#include "epfleet/report/run_verdict.h"
#include "epfleet/workload/source.h"

namespace epfleet::report {

// What may differ between two runs of the same scenario and seed. Goes to run_info.json only.
struct RunInfo {
  double wall_s = 0.0;
  // Of wall_s: drawing what was before, solving, the warm-up; and the window that counts.
  double before_window_s = 0.0, window_s = 0.0;
  std::int64_t peak_rss_bytes = 0;
  std::uint64_t events = 0;  // executed, warm-up included
  std::string version;
  std::string host;
};

// Nodes of one unit.
struct UnitNodes {
  std::int64_t prefill = 0, decode = 0;
};

struct RunReport {
  std::string scenario;
  std::uint64_t seed = 0;
  std::string scenario_fingerprint;          // of every key that decides what is simulated; hex
  std::uint64_t trajectory_fingerprint = 0;  // of every event and completion record of this run
  bool partial = false;                      // interrupted, or stopped before the window's end
  bool overrun = false;              // and that because of more requests in service than are kept
  bool nodes_are_chosen = false;     // a policy chose the nodes; no schedule was replayed
  bool tokens_are_replayed = false;  // a token-rate trace set the tokens; no totals were solved for
  base::Duration warm_up{};          // before the window
  UnitNodes unit_nodes;
  metrics::RunStatistics statistics;
  PhaseLoads load;
  RunVerdict verdict;
  cost::Statement statement;
  cost::Energy energy;
  Efficiency efficiency;
  std::vector<workload::SolvedTotal> solved_totals;
  std::optional<workload::RowAccount> rows;  // of the trace that was played
  std::vector<std::string> notes;  // what a reader of the numbers must know, one sentence each
  std::string command;             // canonical: without --out, -j, progress or absolute paths
  std::string resolved_yaml;       // the complete scenario as run
  observe::ReportConfig config;
  Published published;
  RunInfo info;

  // Length of the counted window; divided, so that 60 s are 60.0 and not 60.00000000000001.
  [[nodiscard]] double simulated_s() const {
    return std::chrono::duration<double>(statistics.end - statistics.begin).count();
  }
};

}  // namespace epfleet::report
