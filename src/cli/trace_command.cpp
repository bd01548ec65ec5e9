// `epfleet trace stat | convert | make`.
#include <fmt/format.h>

#include <filesystem>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/value.h"
#include "epfleet/experiment/make_trace.h"
#include "epfleet/report/trace_report.h"
#include "epfleet/text/files.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/session_blocks.h"
#include "epfleet/traces/trace_writer.h"

namespace epfleet::cli {
namespace {

// How a trace is to be read.
struct TraceReading {
  bool lenient = false;
  std::int64_t block_tokens = 0;  // 0: as the format has it
  std::string time_unit;          // empty: the same
  std::vector<std::string> columns;

  [[nodiscard]] traces::TraceOptions options() const {
    return {.lenient = lenient,
            .block_tokens = block_tokens,
            .time_unit = time_unit == "auto" ? "" : time_unit,
            .columns = traces::parse_columns(fmt::format("{}", fmt::join(columns, ",")))};
  }
};

struct TraceStatRequest {
  std::string trace;
  TraceReading reading;
  bool json = false;
  bool reuse = true;                       // false: no hit ratios
  std::int64_t reuse_blocks = 20'000'000;  // distinct ones after which hits are no longer counted
  // Tokens: 2^20 x 1, 4, 16 ...
  std::vector<std::string> capacities{"1048576",  "4194304",   "16777216",
                                      "67108864", "268435456", "1073741824"};
  std::vector<std::string> ttls{"10 s", "1 min", "5 min", "20 min", "1 h", "24 h"};
};

struct TraceConvertRequest {
  std::string in, out;
  TraceReading reading;
};

struct TraceMakeRequest {
  std::string scenario, out;
  std::vector<std::string> overrides;
  std::optional<std::string> seed, until;  // none: the scenario's
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

base::InputError no_requests(const std::string& path, const traces::RequestTrace& trace) {
  if (trace.skipped().empty()) {
    return base::InputError(
        {.file = path, .what = "the trace has no requests", .remedy = "add some lines"});
  }
  return base::InputError({.file = path,
                           .what = fmt::format("the trace has no requests that can be read: {}",
                                               fmt::join(trace.notes(), "; ")),
                           .remedy = "without --lenient the first wrong line is shown"});
}

void trace_stat(const TraceStatRequest& request) {
  traces::RequestTrace trace(request.trace, request.reading.options());
  report::TraceReport report;
  report.name = std::filesystem::path(request.trace).filename().string();
  report.info = trace.info();
  // Sessions are cut into blocks of the service's size.
  constexpr std::int64_t kServiceBlock = 64;
  std::optional<traces::SessionBlocks> sessions;
  if (report.info.by_sessions()) {
    const std::int64_t asked = request.reading.block_tokens;
    report.info.block_tokens = asked > 0 ? asked : kServiceBlock;
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
    throw no_requests(request.trace, trace);
  }
  report.rows = trace.rows();
  report.reading_notes = trace.notes();
  report.skipped.assign(trace.skipped().begin(), trace.skipped().end());
  if (request.json) {
    fmt::print("{}", report::trace_json(report));
  } else {
    show(report::trace_summary(report, report::terminal_style(stdout)));
  }
}

void trace_convert(const TraceConvertRequest& request) {
  traces::RequestTrace trace(request.in, request.reading.options());
  traces::TraceInfo info = trace.info();
  std::vector<std::string> notes;
  std::optional<traces::SessionBlocks> sessions;
  if (traces::TraceWriter::is_json(request.out) && info.by_sessions()) {
    info.block_tokens = traces::TraceWriter::kJsonBlock;
    sessions.emplace(info.block_tokens);
    notes.push_back(fmt::format(
        "what sessions and shared starts have in common is written as ids of blocks of {} tokens: "
        "less than a block of it is lost; CSV keeps all",
        info.block_tokens));
  }
  text::refuse_as_output(request.out, {request.in});
  traces::TraceWriter writer(request.out == "-" ? text::kStandardOutput : request.out, info);
  traces::TraceRecord record;
  while (trace.next(record)) {
    if (sessions) {
      sessions->assign(record);
    }
    writer.write(record);
  }
  if (writer.requests() == 0) {
    throw no_requests(request.in, trace);
  }
  writer.finish();
  const std::vector<std::string> read = trace.notes();
  notes.insert(notes.end(), read.begin(), read.end());
  for (const std::string& note : notes) {
    base::log_warning(note);
  }
  base::log_info(fmt::format("{} requests are in {}", writer.requests(), request.out));
}

void trace_make(const TraceMakeRequest& request) {
  std::vector<std::string> overrides = request.overrides;
  if (request.seed) {
    overrides.push_back(fmt::format("seed={}", *request.seed));
  }
  const config::Scenario scenario = config::load_scenario(request.scenario, overrides);
  const base::Duration until =
      request.until ? base::Duration(whole(config::Dimension::Duration, "--until", *request.until))
                    : scenario.duration;
  text::refuse_as_output(request.out, {request.scenario, scenario.workload.path});
  const experiment::MadeTrace made =
      experiment::make_trace(scenario, std::min(until, scenario.duration), request.out);
  for (const std::string& note : made.notes) {
    base::log_warning(note);
  }
  base::log_info(fmt::format("{} requests with {} input and {} output tokens are in {}",
                             made.requests, made.input_tokens, made.output_tokens, request.out));
}

void add_reading(Command command, TraceReading& reading) {
  command.add_flag("--lenient", reading.lenient, "Skip and count wrong lines");
  command.add_option("--block", reading.block_tokens, "Tokens of a block id, if unusual")
      .positive();
  command.add_option("--time-unit", reading.time_unit, "Unit of times, if unusual: s, ms, us, ns");
  command
      .add_option("--column", reading.columns,
                  "OURS=THEIRS: a column or key of another name, e.g. input_length=prompt")
      .one_each()
      .take_all();
}

void add_stat(Command trace, Chosen& chosen) {
  auto request = std::make_shared<TraceStatRequest>();
  const Command stat =
      trace.add_subcommand("stat", "Counts, rates, lengths, and what a cache hits");
  stat.add_option("TRACE", request->trace, "Trace file; -: the standard input").required();
  stat.add_flag("--json", request->json, "As JSON");
  add_reading(stat, request->reading);
  stat.add_option("--capacity", request->capacities, "LRU stores to ask for, tokens").take_all();
  stat.add_option("--ttl", request->ttls, "TTLs to ask for, e.g. '20 min'").take_all();
  stat.add_option(
          "--reuse-blocks", request->reuse_blocks,
          "Distinct blocks after which hits are no longer counted: what the memory holds, at "
          "about 110 bytes each")
      .positive()
      .show_default();
  stat.add_flag("!--no-reuse", request->reuse, "No hit ratios");
  when_chosen(stat, chosen, request, trace_stat);
}

void add_convert(Command trace, Chosen& chosen) {
  auto request = std::make_shared<TraceConvertRequest>();
  const Command convert =
      trace.add_subcommand("convert", "Write a trace as epfleet's CSV or Mooncake's JSONL");
  convert.add_option("IN", request->in, "Trace file; -: the standard input").required();
  convert
      .add_option("OUT", request->out,
                  "New file: .jsonl (Mooncake) or anything else (CSV), then perhaps .zst or .gz")
      .required();
  add_reading(convert, request->reading);
  when_chosen(convert, chosen, request, trace_convert);
}

void add_make(Command trace, Chosen& chosen) {
  auto request = std::make_shared<TraceMakeRequest>();
  const Command make = trace.add_subcommand("make", "Write the requests of a scenario as a trace");
  make.add_option("--scenario", request->scenario, "Scenario file (YAML)").required();
  make.add_option("OUT", request->out, "New trace file (CSV; .zst or .gz: compressed)").required();
  add_overrides(make, request->overrides);
  make.add_option("--seed", request->seed, "Override the scenario's seed");
  make.add_option("--until", request->until, "Only this much of the window, e.g. '2 h'");
  when_chosen(make, chosen, request, trace_make);
}

}  // namespace

void add_trace(Command app, Chosen& chosen) {
  const Command trace = app.add_subcommand("trace", "Look at request traces");
  trace.needs_subcommand();
  add_stat(trace, chosen);
  add_convert(trace, chosen);
  add_make(trace, chosen);
}

}  // namespace epfleet::cli
