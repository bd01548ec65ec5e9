// summary.json as a document.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "epfleet/metrics/metric.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

// Absent and not-a-number are both null in the end: JSON has no NaN.
[[nodiscard]] nlohmann::ordered_json json_of(const metrics::Value& value);

// Everything but the checks.
[[nodiscard]] nlohmann::ordered_json summary_document(const RunReport& report);

}  // namespace epfleet::report
