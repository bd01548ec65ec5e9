// summary.json as a document.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "epfleet/metrics/metric.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

// Absent and not-a-number are both null in the end: JSON has no NaN.
[[nodiscard]] nlohmann::ordered_json json_of(const metrics::Value& value);
template <class T>
[[nodiscard]] nlohmann::ordered_json json_of(const std::optional<T>& value) {
  return json_of(metrics::value_of(value));
}

// Everything but the checks.
[[nodiscard]] nlohmann::ordered_json summary_document(const RunReport& report);

}  // namespace epfleet::report
