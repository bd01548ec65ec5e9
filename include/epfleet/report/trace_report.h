// What `epfleet trace stat` tells of a trace: as JSON for scripts, and on one screen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/cache/reuse_profile.h"
#include "epfleet/report/terminal_summary.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/trace_statistics.h"

namespace epfleet::report {

struct TraceReport {
  std::string name;  // of the file, without its folder
  traces::TraceInfo info;
  traces::TraceStatistics statistics;
  std::optional<cache::ReuseProfile> reuse;    // of traces with identities
  std::optional<std::int64_t> reuse_of_first;  // requests, if the profile stopped before the end
  std::int64_t rows = 0;                       // requests and skipped lines
  std::vector<std::string> reading_notes;      // of the reader
  std::vector<traces::SkippedLines> skipped;
};

// What a reader of the numbers must know, a line each: the reader's notes, answers of 0 tokens.
[[nodiscard]] std::vector<std::string> notes_of(const TraceReport& report);

[[nodiscard]] std::string trace_json(const TraceReport& report);
[[nodiscard]] std::string trace_summary(const TraceReport& report, const TerminalStyle& style);

}  // namespace epfleet::report
