// A run on one screen, for a person: what ran, how the service felt, what the fleet did, what it
// cost, and published beside simulated. Exact numbers are in summary.json.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include "epfleet/report/run_report.h"

namespace epfleet::report {

struct TerminalStyle {
  bool color = false;
  std::size_t width = 100;  // columns; lines are never longer. REQUIRES: >= 80
};

// Colour only on a terminal, and not with NO_COLOR set (no-color.org) or TERM=dumb.
[[nodiscard]] TerminalStyle terminal_style(std::FILE* out);

// "5 read, 3 played in the window, 2 after it"
[[nodiscard]] std::string account_of(const workload::RowAccount& rows);

[[nodiscard]] std::string terminal_summary(const RunReport& report, const TerminalStyle& style);

}  // namespace epfleet::report
