// A sweep as its file states it: one scenario, what varies, how often, what is measured.
//
//   scenario: ../quick.yaml              # paths start from the sweep's folder
//   set: {workload.rate_scale: 0.7}      # keys that every case has
//   grid:                                # every combination; the last key varies fastest
//     decode.balancer: [joint, round_robin]
//     decode.mtp.acceptance: [0.7, 0.8]
//   cases:                               # named sets of keys; each meets all of the grid
//     - {name: no overlap, decode.overlap: none}
//   guesses: true                        # two cases a guess: its plausible low and high end
//   replicates: 5                        # seeds: the scenario's, and those that follow it
//   search:                              # the highest value that meets the objectives
//     {key: workload.rate_scale, low: 0.2, high: 3, precision: 2 %, report_at: 0.7}
//   metrics: [latency.ttft_s.p95]        # paths in summary.json; or all
//   baseline: {decode.balancer: joint}   # what to compare with: a case's name, or keys
//   claims:                              # a metric of the baseline over that of a case
//     - {claim: overlap, says: "+40 %", case: no overlap, metric: search.workload.rate_scale}
//                                        # over: CASE takes that case instead of the baseline
//
// Modelled: keys may be dotted or nested; a value is whatever --set takes, parts by name included.
// Left out: random and adaptive designs; a sweep over sweeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace epfleet::experiment {

// One key of one case: what --set would take.
struct Setting {
  std::string key;   // dotted
  std::string text;  // one YAML flow value
  [[nodiscard]] std::string override_text() const { return key + "=" + text; }
};

struct SweepCase {
  std::string name;  // may be empty
  std::vector<Setting> settings;
};

struct SweepAxis {
  std::string key;
  std::vector<std::string> values;
};

// The highest value of a key at which the service-level objectives are met.
struct SweepSearch {
  std::string key;
  double low = 0.0, high = 0.0;     // plain numbers
  double precision = 0.02;          // of the value
  std::optional<double> report_at;  // the other metrics are those at this value, not at the highest
};

struct SweepClaim {
  std::string claim;   // what is claimed
  std::string says;    // how large it is said to be
  std::string name;    // of the case without it
  std::string metric;  // baseline / case is the effect
  std::string over{};  // case to take instead of the baseline; may be empty
};

struct SweepFile {
  std::string file;
  std::string name;
  std::string scenario;  // path
  std::vector<Setting> set;
  std::vector<SweepAxis> grid;
  std::vector<SweepCase> cases;
  bool guesses = false;
  std::int64_t replicates = 1;
  std::optional<SweepSearch> search;
  std::vector<std::string> metrics;
  SweepCase baseline;  // empty: the first case
  std::vector<SweepClaim> claims;
};

// Throws base::InputError with every problem of the file; values are checked where they are used.
[[nodiscard]] SweepFile load_sweep(const std::string& path);

// Every combination of cases and grid, in order; guesses follow, each with `central` in their name
// for what the scenario has.
[[nodiscard]] std::vector<SweepCase> cases_of(const SweepFile& sweep);

}  // namespace epfleet::experiment
