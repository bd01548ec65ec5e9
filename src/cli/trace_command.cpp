// `epfleet trace stat | convert | make`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "commands.h"
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

struct TraceStatRequest {
  std::string trace;
  bool json = false;
  bool lenient = false;
  bool reuse = true;                       // false: no hit ratios
  std::int64_t reuse_blocks = 20'000'000;  // distinct ones after which hits are no longer counted
  std::int64_t block_tokens = 0;           // 0: as the format has it
  // Tokens: 2^20 x 1, 4, 16 ...
  std::vector<std::string> capacities{"1048576",  "4194304",   "16777216",
                                      "67108864", "268435456", "1073741824"};
  std::vector<std::string> ttls{"10 s", "1 min", "5 min", "20 min", "1 h", "24 h"};
};

struct TraceConvertRequest {
  std::string in, out;
  bool lenient = false;
  std::int64_t block_tokens = 0;
};

struct TraceMakeRequest {
  std::string scenario, out;
  std::vector<std::string> overrides;
  std::string seed, until;  // empty: the scenario's
};

std::int64_t whole(config::Dimension dimension, const std::string& option,
                   const std::string& text) {
  const auto parsed = config::parse_whole(dimension, text);
  if (!parsed || *parsed <= 0) {
    throw wrong_option(option, parsed ? "not above 0" : parsed.error().what,
                       parsed ? "" : parsed.error().remedy);
  }
  return *parsed;
}

template <class Value>
std::vector<Value> all_whole(config::Dimension dimension, const std::string& option,
                             const std::vector<std::string>& texts) {
  std::vector<Value> values;
  for (const std::string& text : texts) {
    values.emplace_back(whole(dimension, option, text));
  }
  return values;
}

void refuse_token_rates(const std::string& path) {
  if (sessions::is_token_rate_trace(path)) {
    throw base::InputError({.file = path,
                            .what = "is a trace of token totals per time bin, not of requests",
                            .remedy = "play it with epfleet replay"});
  }
}

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
    report.reuse.emplace(
        report.info.block_tokens,
        all_whole<std::int64_t>(config::Dimension::Tokens, "--capacity", request.capacities),
        all_whole<base::Duration>(config::Dimension::Duration, "--ttl", request.ttls));
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

void add_stat(CLI::App& trace, Chosen& chosen) {
  auto request = std::make_shared<TraceStatRequest>();
  CLI::App& stat = *trace.add_subcommand("stat", "Counts, rates, lengths, and what a cache hits");
  stat.add_option("TRACE", request->trace, "Trace file")->required();
  stat.add_flag("--json", request->json, "As JSON");
  stat.add_flag("--lenient", request->lenient, "Skip and count wrong lines");
  stat.add_option("--capacity", request->capacities, "LRU stores to ask for, tokens")->take_all();
  stat.add_option("--ttl", request->ttls, "TTLs to ask for, e.g. '20 min'")->take_all();
  stat.add_option("--block", request->block_tokens, "Tokens of a block id, if unusual")
      ->check(CLI::PositiveNumber);
  stat.add_option(
          "--reuse-blocks", request->reuse_blocks,
          "Distinct blocks after which hits are no longer counted: what the memory holds, at "
          "about 110 bytes each")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  stat.add_flag("!--no-reuse", request->reuse, "No hit ratios");
  when_chosen(stat, chosen, request, trace_stat);
}

void add_convert(CLI::App& trace, Chosen& chosen) {
  auto request = std::make_shared<TraceConvertRequest>();
  CLI::App& convert =
      *trace.add_subcommand("convert", "Write a trace as epfleet's CSV or Mooncake's JSONL");
  convert.add_option("IN", request->in, "Trace file")->required();
  convert
      .add_option("OUT", request->out,
                  "New file: .jsonl (Mooncake) or anything else (CSV), then perhaps .zst or .gz")
      ->required();
  convert.add_flag("--lenient", request->lenient, "Skip and count wrong lines");
  convert.add_option("--block", request->block_tokens, "Tokens of a block id, if unusual")
      ->check(CLI::PositiveNumber);
  when_chosen(convert, chosen, request, trace_convert);
}

void add_make(CLI::App& trace, Chosen& chosen) {
  auto request = std::make_shared<TraceMakeRequest>();
  CLI::App& make = *trace.add_subcommand("make", "Write the requests of a scenario as a trace");
  make.add_option("--scenario", request->scenario, "Scenario file (YAML)")->required();
  make.add_option("OUT", request->out, "New trace file (CSV; .zst or .gz: compressed)")->required();
  add_overrides(make, request->overrides);
  make.add_option("--seed", request->seed, "Override the scenario's seed");
  make.add_option("--until", request->until, "Only this much of the window, e.g. '2 h'");
  when_chosen(make, chosen, request, trace_make);
}

}  // namespace

void add_trace(CLI::App& app, Chosen& chosen) {
  CLI::App& trace = *app.add_subcommand("trace", "Look at request traces");
  trace.require_subcommand(1);
  add_stat(trace, chosen);
  add_convert(trace, chosen);
  add_make(trace, chosen);
}

}  // namespace epfleet::cli
