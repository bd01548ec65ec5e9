// summary.json as a document, so that a check can look up the simulated value that a path names.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "epfleet/metrics/interval.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

// Everything but the checks.
[[nodiscard]] nlohmann::ordered_json summary_document(const RunReport& report);

// The value at a dotted path, or null when there is none. Not the same as a value that is null.
[[nodiscard]] const nlohmann::ordered_json* find_path(const nlohmann::ordered_json& document,
                                                      std::string_view path);

}  // namespace epfleet::report
