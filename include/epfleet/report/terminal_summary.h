// A run on one screen, for a person: what ran, how the service felt, what the fleet did, what it
// cost, and published beside simulated. Exact numbers are in summary.json.
#pragma once

#include <string>

#include "epfleet/report/run_report.h"
#include "epfleet/report/terminal_style.h"

namespace epfleet::report {

// "5 read, 3 played in the window, 2 after it"
[[nodiscard]] std::string account_of(const workload::RowAccount& rows);

[[nodiscard]] std::string terminal_summary(const RunReport& report, const TerminalStyle& style);

}  // namespace epfleet::report
