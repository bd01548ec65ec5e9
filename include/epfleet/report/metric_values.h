// The numbers of summary.json as a flat list, each under its dotted path: what sweeps tabulate,
// comparisons compare and plans minimise.
// Left out: lists and texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "epfleet/report/run_report.h"

namespace epfleet::report {

// By path; the text is that of summary.json, empty for what was not measured.
using MetricValues = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] MetricValues metric_values(const RunReport& report);

// What a result folder says of its run.
struct ResultDigest {
  std::string scenario;
  std::string fingerprint;
  std::uint64_t seed = 0;
  bool partial = false;
  MetricValues metrics;
};
// Throws InputError for a folder that is not a result.
[[nodiscard]] ResultDigest read_result(const std::filesystem::path& folder);

}  // namespace epfleet::report
