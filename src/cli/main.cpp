// Parse, load, build, run, report. Alone knows CLI11 and the exit codes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "compare_command.h"
#include "epfleet/base/error.h"
#include "epfleet/base/log.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/loader.h"
#include "epfleet/version.h"
#include "experts_command.h"
#include "plan_command.h"
#include "run_command.h"
#include "sweep_command.h"
#include "timing_kernels_command.h"

namespace {

using epfleet::cli::ProgressMode;
using epfleet::cli::RunRequest;

enum ExitCode : int {
  kDone = 0,
  kWrongInput = 2,
  kBrokenInvariant = 70,  // EX_SOFTWARE
  kMachineFailed = 74,    // EX_IOERR
  kSignalBase = 128,      // 130 for Ctrl-C, 143 for a polite kill
};

void add_run_options(CLI::App& command, RunRequest& request) {
  command.add_option("--out", request.out, "Result folder (default: out/NAME)");
  command.add_option("--set", request.overrides, "Override one key of the scenario, PATH=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("--seed", request.seed, "Override the scenario's seed");
  command.add_option("--until", request.until, "Simulate only this much of the window, e.g. '2 h'");
  command.add_option("--progress", request.progress, "Progress on stderr")
      ->transform(CLI::CheckedTransformer(std::map<std::string, ProgressMode>{
          {"auto", ProgressMode::Auto}, {"on", ProgressMode::On}, {"off", ProgressMode::Off}}));
  command.add_flag("--quiet", request.quiet, "No summary on stdout, no notes on stderr");
  command.add_flag("--json", request.json, "Print summary.json instead of the table");
  command.add_option("--trace-events", request.trace_events,
                     "Write one line per executed event to this file");
}

int run(const RunRequest& request) {
  if (request.quiet) {
    epfleet::base::set_log_level(epfleet::base::LogLevel::Quiet);
  }
  const int signal = epfleet::cli::run_command(request);
  return signal == 0 ? kDone : kSignalBase + signal;
}

void explain(const std::string& key, bool json_schema, const std::string& guesses_of) {
  if (json_schema) {
    fmt::print("{}", epfleet::config::json_schema());
  } else if (!guesses_of.empty()) {
    fmt::print("key,central,low,high\n");
    for (const auto& guess : epfleet::config::guesses(epfleet::config::load_scenario(guesses_of))) {
      fmt::print("{},{},{},{}\n", guess.key, guess.central, guess.low, guess.high);
    }
  } else {
    fmt::print("{}", epfleet::config::explain(key));
  }
}

void add_sweep_options(CLI::App& command, epfleet::cli::SweepRequest& request) {
  command.add_option("SWEEP", request.sweep, "Sweep file (YAML)")->required();
  command.add_option("--out", request.out, "Folder of the results (default: out/NAME)");
  command.add_option("-j", request.workers, "Cases at a time (default: one a core)")
      ->check(CLI::Range(1U, 4096U));
  command.add_flag("--resume", request.resume, "Keep what an earlier call has finished");
  command.add_option("--shard", request.shard,
                     "Run every N-th case from the I-th on: I/N, I from 0");
  command.add_option("--merge", request.merge, "Make the table of the shards in this folder");
  command.add_flag("--list", request.list, "Say what would run");
  command.add_option("--progress", request.progress, "Progress on stderr")
      ->transform(CLI::CheckedTransformer(std::map<std::string, ProgressMode>{
          {"auto", ProgressMode::Auto}, {"on", ProgressMode::On}, {"off", ProgressMode::Off}}));
  command.add_flag("--quiet", request.quiet, "No table on stdout, no progress on stderr");
}

void add_plan_options(CLI::App& command, epfleet::cli::PlanRequest& request) {
  command.add_option("SCENARIO", request.scenario, "Scenario file (YAML)")->required();
  command
      .add_option("--vary", request.vary,
                  "KEY=LO..HI: searched; further ones (LO..HI, LO..HI/STEP or A,B,C) are a grid")
      ->required()
      ->allow_extra_args(false);
  command.add_option("--meet", request.meet, "What must be met: slo")
      ->required()
      ->check(CLI::IsMember({"slo"}));
  auto* minimise = command.add_option("--minimise", request.minimise, "Path in summary.json");
  command.add_option("--maximise", request.maximise, "One of the varied keys")->excludes(minimise);
  command
      .add_option("--what-if", request.what_if,
                  "KEY=VALUE or KEY=xFACTOR: what it changes; none for none (default: 20 % more "
                  "traffic, a 30 % dearer GPU)")
      ->allow_extra_args(false);
  command.add_option("--set", request.overrides, "Override one key of the scenario, PATH=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("--out", request.out, "Folder for plan.csv");
  command.add_flag("--quiet", request.quiet, "No progress on stderr");
}

void add_experts_options(CLI::App& command, epfleet::cli::ExpertsRequest& request) {
  command.add_option("--loads", request.loads, "CSV: a row a layer, a column a logical expert")
      ->required();
  command.add_option("--replicas", request.replicas, "Slots for experts and their copies")
      ->required();
  command.add_option("--groups", request.groups, "Groups of consecutive experts")->required();
  command.add_option("--nodes", request.nodes, "Nodes")->required();
  command.add_option("--gpus", request.gpus, "GPUs, of all nodes")->required();
  command.add_option("--rule", request.rule, "Rule (default: eplb); help lists them");
  command.add_flag("--json", request.json, "Print the placement as JSON");
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Simulates a fleet that serves DeepSeek-V3/R1.", "epfleet");
  app.set_version_flag("--version", fmt::format("epfleet {}", epfleet::kVersion));
  app.require_subcommand(1);

  RunRequest request;
  CLI::App* run_app = app.add_subcommand("run", "Run a scenario");
  run_app->add_option("SCENARIO", request.scenario, "Scenario file (YAML)")->required();
  add_run_options(*run_app, request);

  CLI::App* replay_app =
      app.add_subcommand("replay", "Replay a token-rate trace in a scenario's fleet");
  replay_app->add_option("TRACE", request.trace, "Trace file")->required();
  replay_app->add_option("--scenario", request.scenario, "Scenario file (YAML)")->required();
  replay_app->add_option("--rate-scale", request.rate_scale, "Multiply the trace's rates");
  add_run_options(*replay_app, request);

  epfleet::cli::SweepRequest sweep;
  CLI::App* sweep_app = app.add_subcommand("sweep", "Run the cases of a sweep; one table");
  add_sweep_options(*sweep_app, sweep);

  epfleet::cli::CompareRequest compare;
  CLI::App* compare_app =
      app.add_subcommand("compare", "Compare runs or the cases of sweeps with a baseline");
  compare_app->add_option("DIR", compare.folders, "Folders of results or sweeps")->required();
  compare_app->add_option("--baseline", compare.baseline,
                          "Folder, case, or KEY=VALUE to compare with (default: the first)");
  compare_app->add_option("--metric", compare.metrics, "Path in summary.json; may be repeated")
      ->allow_extra_args(false);
  compare_app->add_option("--out", compare.out, "Folder for comparison.csv");

  epfleet::cli::PlanRequest plan;
  CLI::App* plan_app =
      app.add_subcommand("plan", "Find the best value of a key under the objectives");
  add_plan_options(*plan_app, plan);

  epfleet::cli::ExpertsRequest experts;
  CLI::App* experts_app = app.add_subcommand("experts", "Copy and place experts for given loads");
  add_experts_options(*experts_app, experts);

  std::string scenario;
  CLI::App* check_app =
      app.add_subcommand("check", "Check a scenario; print every problem with its place");
  check_app->add_option("SCENARIO", scenario, "Scenario file (YAML)")->required();

  std::string key;
  std::string guesses_of;
  bool json_schema = false;
  CLI::App* explain_app = app.add_subcommand("explain", "Explain scenario keys");
  explain_app->add_option("KEY", key, "A key or a group of keys (default: all)");
  explain_app->add_flag("--json-schema", json_schema, "All keys as a JSON Schema, for editors");
  explain_app->add_option("--guesses", guesses_of,
                          "CSV of this scenario's guesses with their plausible ranges");

  CLI::App* timing_app =
      app.add_subcommand("timing", "The time of kernels, and profiles fitted to measured ones");
  timing_app->require_subcommand(1);
  epfleet::cli::add_timing_kernels(*timing_app);
  epfleet::cli::add_timing_fit(*timing_app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongInput;
  }
  if (run_app->parsed() || replay_app->parsed()) {
    return run(request);
  }
  if (sweep_app->parsed()) {
    if (sweep.quiet) {
      epfleet::base::set_log_level(epfleet::base::LogLevel::Quiet);
    }
    return epfleet::cli::sweep_command(sweep);
  }
  if (compare_app->parsed()) {
    epfleet::cli::compare_command(compare);
    return kDone;
  }
  if (plan_app->parsed()) {
    const int signal = epfleet::cli::plan_command(plan);
    return signal == 0 ? kDone : kSignalBase + signal;
  }
  if (experts_app->parsed()) {
    epfleet::cli::experts_command(experts);
    return kDone;
  }
  if (check_app->parsed()) {
    (void)epfleet::config::load_scenario(scenario);
    fmt::print("{}: no problem found\n", scenario);
  } else if (explain_app->parsed()) {
    explain(key, json_schema, guesses_of);
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const epfleet::base::InputError& error) {
    for (const auto& problem : error.problems()) {
      fmt::print(stderr, "{}\n", problem.text());
    }
    return kWrongInput;
  } catch (const epfleet::base::MachineError& error) {
    fmt::print(stderr, "epfleet: {}\n", error.what());
    return kMachineFailed;
  } catch (const epfleet::base::InvariantBroken& error) {
    fmt::print(stderr,
               "epfleet: {}\nThis is a bug of epfleet; please report it with the scenario.\n",
               error.what());
    return kBrokenInvariant;
  } catch (const std::exception& error) {
    fmt::print(stderr, "epfleet: {}\n", error.what());
    return kMachineFailed;
  }
}
