#include "trace_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "epfleet/base/error.h"
#include "epfleet/config/value.h"
#include "epfleet/report/trace_report.h"
#include "epfleet/workload/request_trace.h"

namespace epfleet::cli {
namespace {

std::int64_t whole(config::Dimension dimension, const std::string& option,
                   const std::string& text) {
  const auto parsed = config::parse_whole(dimension, text);
  if (!parsed || *parsed <= 0) {
    throw base::InputError({.key = option,
                            .what = parsed ? "not above 0" : parsed.error().what,
                            .remedy = parsed ? "" : parsed.error().remedy});
  }
  return *parsed;
}

std::vector<std::int64_t> capacities(const TraceStatRequest& request) {
  constexpr std::int64_t kUnit = std::int64_t{1} << 20U;
  std::vector<std::int64_t> tokens;
  for (const std::string& text : request.capacities) {
    tokens.push_back(whole(config::Dimension::Tokens, "--capacity", text));
  }
  if (tokens.empty()) {
    for (std::int64_t factor = 1; factor <= 1024; factor *= 4) {
      tokens.push_back(factor * kUnit);
    }
  }
  return tokens;
}

std::vector<base::Duration> ttls(const TraceStatRequest& request) {
  std::vector<base::Duration> durations;
  for (const std::string& text : request.ttls) {
    durations.emplace_back(whole(config::Dimension::Duration, "--ttl", text));
  }
  if (durations.empty()) {
    for (const int seconds : {10, 60, 300, 1200, 3600, 86'400}) {
      durations.emplace_back(std::chrono::seconds(seconds));
    }
  }
  return durations;
}

}  // namespace

void trace_stat(const TraceStatRequest& request) {
  workload::RequestTrace trace(request.trace,
                               {.lenient = request.lenient, .block_tokens = request.block_tokens});
  report::TraceReport report;
  report.name = std::filesystem::path(request.trace).filename().string();
  report.info = trace.info();
  if (request.reuse && report.info.block_tokens > 0) {
    report.reuse.emplace(report.info.block_tokens, capacities(request), ttls(request));
  }
  workload::TraceRecord record;
  while (trace.next(record)) {
    report.statistics.add(record);
    if (report.reuse) {
      report.reuse->add(record.time, record.input, record.blocks);
    }
  }
  if (report.statistics.requests() == 0) {
    throw base::InputError(
        {.file = request.trace, .what = "the trace has no requests", .remedy = "add some lines"});
  }
  report.statistics.finish();
  report.odd_block_lists = trace.odd_block_lists();
  report.cut_last_line = trace.cut_last_line();
  report.skipped.assign(trace.skipped().begin(), trace.skipped().end());
  fmt::print("{}", request.json ? report::trace_json(report)
                                : report::trace_summary(report, report::terminal_style(stdout)));
}

}  // namespace epfleet::cli
