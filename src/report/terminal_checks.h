// The last part of the terminal summary: published beside simulated, by role.
#pragma once

#include "epfleet/report/run_report.h"
#include "terminal_canvas.h"

namespace epfleet::report {

void show_checks(Canvas& canvas, const RunReport& report);

}  // namespace epfleet::report
