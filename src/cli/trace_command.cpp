#include "trace_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "epfleet/base/error.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/value.h"
#include "epfleet/experiment/make_trace.h"
#include "epfleet/report/trace_report.h"
#include "epfleet/sessions/token_rate_trace.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/session_blocks.h"
#include "epfleet/traces/trace_writer.h"

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

void refuse_token_rates(const std::string& path) {
  if (sessions::is_token_rate_trace(path)) {
    throw base::InputError({.file = path,
                            .what = "is a trace of token totals per time bin, not of requests",
                            .remedy = "play it with epfleet replay"});
  }
}

}  // namespace

void trace_stat(const TraceStatRequest& request) {
  refuse_token_rates(request.trace);
  traces::RequestTrace trace(request.trace,
                             {.lenient = request.lenient, .block_tokens = request.block_tokens});
  report::TraceReport report;
  report.name = std::filesystem::path(request.trace).filename().string();
  report.info = trace.info();
  // Sessions are cut into blocks of the service's size.
  constexpr std::int64_t kServiceBlock = 64;
  std::optional<traces::SessionBlocks> sessions;
  if (report.info.block_tokens == 0 && report.info.sessions) {
    report.info.block_tokens = request.block_tokens > 0 ? request.block_tokens : kServiceBlock;
    sessions.emplace(report.info.block_tokens);
  }
  if (request.reuse && report.info.block_tokens > 0) {
    report.reuse.emplace(report.info.block_tokens, capacities(request), ttls(request));
  }
  traces::TraceRecord record;
  while (trace.next(record)) {
    report.statistics.add(record);
    if (!report.reuse || report.reuse_of_first) {
      continue;
    }
    if (sessions) {
      sessions->assign(record);
    }
    report.reuse->add(record.time, record.input, record.blocks);
    if (report.reuse->distinct_blocks() >= request.reuse_blocks) {
      report.reuse_of_first = report.statistics.requests();
      sessions.reset();
    }
  }
  if (report.statistics.requests() == 0) {
    throw base::InputError(
        {.file = request.trace, .what = "the trace has no requests", .remedy = "add some lines"});
  }
  report.odd_block_lists = trace.odd_block_lists();
  report.cut_last_line = trace.cut_last_line();
  report.skipped.assign(trace.skipped().begin(), trace.skipped().end());
  fmt::print("{}", request.json ? report::trace_json(report)
                                : report::trace_summary(report, report::terminal_style(stdout)));
}

void trace_convert(const TraceConvertRequest& request) {
  refuse_token_rates(request.in);
  traces::RequestTrace trace(request.in,
                             {.lenient = request.lenient, .block_tokens = request.block_tokens});
  traces::TraceInfo info = trace.info();
  std::optional<traces::SessionBlocks> sessions;
  if (traces::TraceWriter::is_json(request.out) && info.block_tokens == 0 && info.sessions) {
    info.block_tokens = traces::TraceWriter::kJsonBlock;
    sessions.emplace(info.block_tokens);
  }
  traces::TraceWriter writer(request.out, info);
  traces::TraceRecord record;
  std::int64_t requests = 0;
  while (trace.next(record)) {
    if (sessions) {
      sessions->assign(record);
    }
    writer.write(record);
    ++requests;
  }
  writer.finish();
  for (const traces::SkippedLines& skipped : trace.skipped()) {
    base::log_warning(fmt::format("{} lines skipped: {} (first: line {})", skipped.count,
                                  skipped.reason, skipped.first_line));
  }
  base::log_info(fmt::format("{} requests are in {}", requests, request.out));
}

void trace_make(const TraceMakeRequest& request) {
  std::vector<std::string> overrides = request.overrides;
  if (!request.seed.empty()) {
    overrides.push_back(fmt::format("seed={}", request.seed));
  }
  const config::Scenario scenario = config::load_scenario(request.scenario, overrides);
  const base::Duration until =
      request.until.empty()
          ? scenario.duration
          : base::Duration(whole(config::Dimension::Duration, "--until", request.until));
  const experiment::MadeTrace made =
      experiment::make_trace(scenario, std::min(until, scenario.duration), request.out);
  base::log_info(fmt::format("{} requests with {} input and {} output tokens are in {}",
                             made.requests, made.input_tokens, made.output_tokens, request.out));
}

}  // namespace epfleet::cli
