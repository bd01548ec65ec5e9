// run, replay, check and explain on the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/explain.h"
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
    base::set_log_level(base::LogLevel::Quiet);
  }
  return exit_code(run_command(request));
}

struct ExplainRequest {
  std::string key;
  std::string guesses_of;
  bool json_schema = false;
};

int explain(const ExplainRequest& request) {
  if (request.json_schema) {
    fmt::print("{}", config::json_schema());
  } else if (!request.guesses_of.empty()) {
    fmt::print("key,central,low,high\n");
    for (const auto& guess : config::guesses(config::load_scenario(request.guesses_of))) {
      fmt::print("{},{},{},{}\n", guess.key, guess.central, guess.low, guess.high);
    }
  } else {
    fmt::print("{}", config::explain(request.key));
  }
  return kDone;
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

void add_explain(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<ExplainRequest>();
  CLI::App& command = *app.add_subcommand("explain", "Explain scenario keys");
  command.add_option("KEY", request->key, "A key or a group of keys (default: all)");
  command.add_flag("--json-schema", request->json_schema, "All keys as a JSON Schema, for editors");
  command.add_option("--guesses", request->guesses_of,
                     "CSV of this scenario's guesses with their plausible ranges");
  command.callback([&chosen, request] { chosen = [request] { return explain(*request); }; });
}

}  // namespace epfleet::cli
