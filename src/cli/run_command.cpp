// `epfleet run` and `epfleet replay`: load, run, write, show; and `epfleet check`.
#include "run_command.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/resolved.h"
#include "epfleet/experiment/mean_steps.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/experiment/trace_window.h"
#include "epfleet/page/page.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/report/result_files.h"
#include "epfleet/report/terminal_summary.h"
#include "epfleet/text/files.h"
#include "epfleet/text/parse.h"
#include "epfleet/version.h"
#include "signals.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> all_overrides(const RunRequest& request) {
  std::vector<std::string> overrides = request.overrides;
  if (request.seed) {
    overrides.push_back("seed=" + *request.seed);
  }
  if (!request.replay.trace.empty()) {
    const std::vector<std::string> replay = replay_overrides(request.replay);
    overrides.insert(overrides.end(), replay.begin(), replay.end());
  }
  return overrides;
}

std::optional<base::Duration> until_of(const RunRequest& request) {
  if (!request.until) {
    return std::nullopt;
  }
  const auto parsed = config::parse_whole(config::Dimension::Duration, *request.until);
  if (!parsed || *parsed <= 0) {
    throw wrong_option("--until", parsed ? "not longer than nothing" : parsed.error().what,
                       parsed ? "give a duration such as '2 h'" : parsed.error().remedy);
  }
  return base::Duration(*parsed);
}

std::optional<std::uint64_t> check_sums_of(const RunRequest& request) {
  if (request.check_sums.empty()) {
    return std::nullopt;
  }
  const auto every = text::parse_whole<std::uint64_t>(request.check_sums);
  if (!every || *every == 0) {
    throw wrong_option("--check-sums",
                       fmt::format("'{}' is not a number of events", request.check_sums),
                       "give one such as --check-sums=1, or none");
  }
  return every;
}

// The command that makes this result again: no paths of this machine, nothing that leaves no trace
// in it.
std::string canonical_command(const RunRequest& request) {
  const fs::path path = request.scenario;
  const std::string scenario = path.is_absolute() ? path.filename().string() : request.scenario;
  std::string command =
      request.replay.trace.empty()
          ? fmt::format("epfleet run {}", scenario)
          : fmt::format("epfleet replay {} --scenario {}",
                        fs::path(request.replay.trace).filename().string(), scenario);
  for (const std::string& override_text : request.overrides) {
    command += fmt::format(" --set '{}'", override_text);
  }
  if (request.seed) {
    command += fmt::format(" --seed {}", *request.seed);
  }
  command += replay_arguments(request.replay);
  if (request.until) {
    command += fmt::format(" --until '{}'", *request.until);
  }
  return command;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::int64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;  // Linux counts in KiB
}

void show_run(const report::RunReport& report, const RunRequest& request, const fs::path& out) {
  if (request.json) {
    fmt::print("{}", report::summary_json(report));
  } else if (!request.quiet) {
    cli::show(report::terminal_summary(report, report::terminal_style(stdout)));
  }
  if (report.rows && report.rows->played < report.rows->read) {
    base::log_warning(fmt::format("rows of the trace: {}", report::account_of(*report.rows)));
  }
  base::log_info(
      fmt::format("{} is in {}", report.partial ? "a partial result" : "the result", out.string()));
}

// A replay plays its trace whole: the scenario's duration was not meant for it, unless the command
// line states it.
config::Scenario loaded(const RunRequest& request) {
  std::vector<std::string> overrides = all_overrides(request);
  config::Scenario scenario = config::load_scenario(request.scenario, overrides);
  const bool stated = std::ranges::any_of(
      overrides, [](const std::string& text) { return text.starts_with("duration="); });
  const auto window =
      request.replay.trace.empty() || stated ? std::nullopt : experiment::window_of_trace(scenario);
  if (!window || *window == scenario.duration) {
    return scenario;
  }
  const auto text = [](base::Duration duration) {
    return config::print_whole(config::Dimension::Duration, duration.count());
  };
  const double own_s = base::to_seconds(*window), stated_s = base::to_seconds(scenario.duration);
  if (constexpr double kSmall = 0.01; std::abs(own_s - stated_s) > kSmall * stated_s) {
    base::log_info(
        fmt::format("the window is the trace's own, {}, not the scenario's duration of "
                    "{} (--set 'duration=...' says otherwise)",
                    report::human_duration(own_s), text(scenario.duration)));
  }
  overrides.push_back(fmt::format("duration={}", text(*window)));
  return config::load_scenario(request.scenario, overrides);
}

int run_command(const RunRequest& request) {
  if (request.quiet) {
    base::silence_log();
  }
  return run_loaded(loaded(request), request);
}

void check(const RunRequest& request) {
  const config::Scenario scenario = config::load_scenario(request.scenario, request.overrides);
  for (const std::string& note : experiment::check_scenario(scenario)) {
    base::log_warning(note);
  }
  cli::show(fmt::format("{}: no problem found\nfleet: {}\n", request.scenario,
                        experiment::fleet_in_words(scenario)));
}

void add_common(Command command, RunRequest& request) {
  command.add_option("--out", request.out, "Result folder (default: out/NAME)");
  add_overrides(command, request.overrides);
  command.add_option("--seed", request.seed, "Override the scenario's seed");
  command.add_option("--until", request.until, "Simulate only this much of the window, e.g. '2 h'");
  add_progress(command, request.progress);
  command.add_flag("--quiet", request.quiet, "No summary on stdout, no notes on stderr");
  command.add_flag("--force", request.force, "Replace the result of another scenario");
  command.add_flag("--no-report", request.no_page, "Leave report.html out");
  command.add_flag("--json", request.json, "Print summary.json instead of the table");
  command.add_option("--trace-events", request.trace_events,
                     "Write one line per executed event to this file");
  command.add_flag(
      "--check-sums{1000}", request.check_sums,
      "Every N events make all kept sums (requests and KV by GPU, queues, loads, the "
      "store, node time) anew: the first that differs ends the run with exit code 70. "
      "Changes no result. quick.yaml takes three times as long with N = 1000, 17 times with 100, "
      "by estimate an hour with 1, which names the event that did it");
}

}  // namespace

int run_loaded(const config::Scenario& scenario, const RunRequest& request) {
  text::refuse_as_output(request.trace_events, {request.scenario, scenario.workload.path});
  const fs::path out =
      request.out.empty() ? fs::path("out") / scenario.name : fs::path(request.out);
  report::ResultFolder folder(out, {config::scenario_fingerprint(scenario), request.force});

  experiment::RunOptions options;
  options.stop = &stop_on_signals();
  options.until = until_of(request);
  options.folder = &folder;
  options.trace_events = request.trace_events;
  options.check_sums = check_sums_of(request);
  options.note = [](const std::string& note) { base::log_warning(note); };
  const base::Duration counted = options.until.value_or(scenario.duration);
  const base::TimePoint start =
      base::kWindowStart - scenario.workload.warm_up.value_or(base::Duration{});
  ProgressBar bar(start, base::kWindowStart + counted,
                  request.quiet ? ProgressMode::Off : request.progress);
  Progress progress{start, 0};
  const auto spent_s = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - request.started)
        .count();
  };
  double before_window_s = 0.0, until_sample_s = 0.0;
  options.progress = [&](const observe::FleetSample& sample) {
    until_sample_s = spent_s();
    if (sample.time <= base::kWindowStart) {
      before_window_s = until_sample_s;
    }
    progress = {sample.time, sample.arrived};
    bar.update(progress);
  };
  report::RunReport report = experiment::run_scenario(scenario, options);
  bar.finish(progress);

  report.command = canonical_command(request);
  report.info.version = kVersion;
  report.info.host = host_name();
  report.info.peak_rss_bytes = peak_rss_bytes();
  report.info.before_window_s = before_window_s;
  report.info.window_s = until_sample_s - before_window_s;
  report.info.wall_s = spent_s();
  folder.write("steps.json", experiment::mean_steps_json(scenario, report));
  report::write_result(folder, report);
  if (!request.no_page) {
    folder.write(page::kPageFile, page::page_of(folder.path_of("")));
  }
  const bool beside = folder.commit(report.partial);
  const fs::path named = out.has_filename() ? out : out.parent_path();
  show_run(report, request, beside ? fs::path(named.string() + ".partial") : out);
  if (report.overrun) {
    throw base::MachineError(experiment::kOverrun);
  }
  return exit_code(signal_received());
}

void add_run(Command app, Chosen& chosen) {
  auto request = std::make_shared<RunRequest>();
  const Command command = app.add_subcommand("run", "Run a scenario");
  command.add_option("SCENARIO", request->scenario, "Scenario file (YAML)").required();
  add_common(command, *request);
  when_chosen(command, chosen, request, run_command);
}

void add_replay(Command app, Chosen& chosen) {
  auto request = std::make_shared<RunRequest>();
  const Command command = app.add_subcommand(
      "replay", "Replay a trace of requests or of token totals in a scenario's fleet");
  command.add_option("--scenario", request->scenario, "Scenario file (YAML)").required();
  add_replay_options(command, request->replay);
  add_common(command, *request);
  when_chosen(command, chosen, request, run_command);
}

void add_check(Command app, Chosen& chosen) {
  auto request = std::make_shared<RunRequest>();
  const Command command =
      app.add_subcommand("check", "Check a scenario; print every problem with its place");
  command.add_option("SCENARIO", request->scenario, "Scenario file (YAML)").required();
  add_overrides(command, request->overrides);
  when_chosen(command, chosen, request, check);
}

}  // namespace epfleet::cli
