// The files of a result folder, each as text. The same report gives the same bytes on every
// machine: JSON keys in a fixed order, doubles in their shortest form that reads back equal, null
// (JSON) or an empty field (CSV) for what could not be measured.
#pragma once

#include <string>

#include "epfleet/report/result_folder.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

[[nodiscard]] std::string summary_json(const RunReport& report);
[[nodiscard]] std::string run_info_json(const RunReport& report);

// The run under the names of vLLM's `bench serve`. Tokens are those of the window, for whichever
// request; `failed` counts rejected requests too.
[[nodiscard]] std::string bench_serving_json(const RunReport& report);

// One row per interval, and per hour of the window.
[[nodiscard]] std::string timeseries_csv(const RunReport& report);
[[nodiscard]] std::string hourly_csv(const RunReport& report);
// A row per scaling decision, failure and recovery; times before the window are negative.
[[nodiscard]] std::string decisions_csv(const RunReport& report);

// A row per percentile of the latencies, 1 to 99, and the largest as 100.
[[nodiscard]] std::string distributions_csv(const RunReport& report);

// Writes every file above and resolved.yaml; summary.json last, so that a folder that has it is
// whole.
void write_result(ResultFolder& folder, const RunReport& report);

}  // namespace epfleet::report
