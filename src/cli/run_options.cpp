// run, replay and check on the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "run_command.h"

namespace epfleet::cli {
namespace {

void add_common(CLI::App& command, RunRequest& request) {
  command.add_option("--out", request.out, "Result folder (default: out/NAME)");
  add_overrides(command, request.overrides);
  command.add_option("--seed", request.seed, "Override the scenario's seed");
  command.add_option("--until", request.until, "Simulate only this much of the window, e.g. '2 h'");
  command.add_option("--progress", request.progress, "Progress on stderr")
      ->transform(one_of<ProgressMode>(
          {{"auto", ProgressMode::Auto}, {"on", ProgressMode::On}, {"off", ProgressMode::Off}}));
  command.add_flag("--quiet", request.quiet, "No summary on stdout, no notes on stderr");
  command.add_flag("--json", request.json, "Print summary.json instead of the table");
  command.add_option("--trace-events", request.trace_events,
                     "Write one line per executed event to this file");
}

void add_replay_options(CLI::App& command, ReplayOptions& replay) {
  command.add_option("TRACE", replay.trace, "Trace file")->required();
  command.add_option("--rate-scale", replay.rate_scale, "Multiply the trace's rates");
  CLI::App& requests = *command.add_option_group("Traces of requests");
  requests.add_option("--rate", replay.rate, "Requests per second, mean of a day");
  requests.add_option("--hourly-shape", replay.hourly_shape,
                      "CSV of 24 hourly weights to lay over the trace");
  requests.add_option("--tile", replay.tile, "Repeat the trace over so long a run, e.g. '24 h'");
  requests.add_option("--stretch", replay.stretch, "Play the trace within this time");
  requests.add_option("--from", replay.from, "Begin so far into the trace");
  requests.add_option("--length", replay.length, "Play so much of it");
  requests.add_flag("--cold-store", replay.cold_store, "What is before --from is not in the store");
  requests.add_flag("--lenient", replay.lenient, "Skip and count wrong lines");
  requests.add_option("--block", replay.block, "Tokens of a block id, if unusual");
  requests.add_option("--variant", replay.variant, "v3 or r1, for requests that do not say");
  requests.add_option("--channel", replay.channel, "web, app or api, for requests that do not say");
}

int run(const RunRequest& request) {
  if (request.quiet) {
    base::silence_log();
  }
  return exit_code(run_command(request));
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<RunRequest>();
  CLI::App& command = *app.add_subcommand("run", "Run a scenario");
  command.add_option("SCENARIO", request->scenario, "Scenario file (YAML)")->required();
  add_common(command, *request);
  command.callback([&chosen, request] { chosen = [request] { return run(*request); }; });
}

void add_replay(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<RunRequest>();
  CLI::App& command = *app.add_subcommand(
      "replay", "Replay a trace of requests or of token totals in a scenario's fleet");
  command.add_option("--scenario", request->scenario, "Scenario file (YAML)")->required();
  add_replay_options(command, request->replay);
  add_common(command, *request);
  command.callback([&chosen, request] { chosen = [request] { return run(*request); }; });
}

void add_check(CLI::App& app, Chosen& chosen) {
  struct Check {
    std::string scenario;
    std::vector<std::string> overrides;
  };
  auto check = std::make_shared<Check>();
  CLI::App& command =
      *app.add_subcommand("check", "Check a scenario; print every problem with its place");
  command.add_option("SCENARIO", check->scenario, "Scenario file (YAML)")->required();
  add_overrides(command, check->overrides);
  command.callback([&chosen, check] {
    chosen = [check] {
      (void)config::load_scenario(check->scenario, check->overrides);
      fmt::print("{}: no problem found\n", check->scenario);
      return int{kDone};
    };
  });
}

}  // namespace epfleet::cli
