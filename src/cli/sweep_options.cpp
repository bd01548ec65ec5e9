// sweep, compare, plan and experts on the command line.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "compare_command.h"
#include "epfleet/base/log.h"
#include "experts_command.h"
#include "plan_command.h"
#include "sweep_command.h"

namespace epfleet::cli {

void add_sweep(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<SweepRequest>();
  CLI::App& command = *app.add_subcommand("sweep", "Run the cases of a sweep; one table");
  command.add_option("SWEEP", request->sweep, "Sweep file (YAML)")->required();
  command.add_option("--out", request->out, "Folder of the results (default: out/NAME)");
  command.add_option("-j", request->workers, "Cases at a time (default: one a core)")
      ->check(CLI::Range(1U, 4096U));
  command.add_flag("--resume", request->resume, "Keep what an earlier call has finished");
  command.add_option("--shard", request->shard,
                     "Run every N-th case from the I-th on: I/N, I from 0");
  command.add_option("--merge", request->merge, "Make the table of the shards in this folder");
  command.add_flag("--list", request->list, "Say what would run");
  command.add_option("--progress", request->progress, "Progress on stderr")
      ->transform(one_of<ProgressMode>(
          {{"auto", ProgressMode::Auto}, {"on", ProgressMode::On}, {"off", ProgressMode::Off}}));
  command.add_flag("--quiet", request->quiet, "No table on stdout, no progress on stderr");
  command.callback([&chosen, request] {
    chosen = [request] {
      if (request->quiet) {
        base::silence_log();
      }
      return sweep_command(*request);
    };
  });
}

void add_compare(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<CompareRequest>();
  CLI::App& command =
      *app.add_subcommand("compare", "Compare runs or the cases of sweeps with a baseline");
  command.add_option("DIR", request->folders, "Folders of results or sweeps")->required();
  command.add_option("--baseline", request->baseline,
                     "Folder, case, or KEY=VALUE to compare with (default: the first)");
  command.add_option("--metric", request->metrics, "Path in summary.json; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--out", request->out, "Folder for comparison.csv");
  command.callback([&chosen, request] {
    chosen = [request] {
      compare_command(*request);
      return int{kDone};
    };
  });
}

void add_plan(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<PlanRequest>();
  CLI::App& command =
      *app.add_subcommand("plan", "Find the best value of a key under the objectives");
  command.add_option("SCENARIO", request->scenario, "Scenario file (YAML)")->required();
  command
      .add_option("--vary", request->vary,
                  "KEY=LO..HI: searched; further ones (LO..HI, LO..HI/STEP or A,B,C) are a grid")
      ->required()
      ->allow_extra_args(false);
  command.add_option("--meet", request->meet, "What must be met: slo")
      ->required()
      ->check(CLI::IsMember({"slo"}));
  auto* minimise = command.add_option("--minimise", request->minimise, "Path in summary.json");
  command.add_option("--maximise", request->maximise, "One of the varied keys")->excludes(minimise);
  command
      .add_option("--what-if", request->what_if,
                  "KEY=VALUE or KEY=xFACTOR: what it changes; none for none (default: 20 % more "
                  "traffic, a 30 % dearer GPU)")
      ->allow_extra_args(false);
  add_overrides(command, request->overrides);
  command.add_option("--out", request->out, "Folder for plan.csv");
  command.add_flag("--quiet", request->quiet, "No progress on stderr");
  command.callback(
      [&chosen, request] { chosen = [request] { return exit_code(plan_command(*request)); }; });
}

void add_experts(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<ExpertsRequest>();
  CLI::App& command = *app.add_subcommand(
      "experts", "Copy and place experts for given loads, or tell how even a scenario's are");
  auto* scenario = command.add_option("--scenario", request->scenario,
                                      "Scenario file (YAML): imbalance of its units by tokens, "
                                      "and what a rebalance moves");
  add_overrides(command, request->overrides)->needs(scenario);
  auto* loads = command.add_option("--loads", request->loads,
                                   "CSV: a row a layer, a column a logical expert");
  loads->excludes(scenario);
  const auto size = [&](const char* name, std::int64_t& value, const char* help) {
    auto* option = command.add_option(name, value, help)->excludes(scenario);
    loads->needs(option);
  };
  size("--replicas", request->replicas, "Slots for experts and their copies");
  size("--groups", request->groups, "Groups of consecutive experts");
  size("--nodes", request->nodes, "Nodes");
  size("--gpus", request->gpus, "GPUs, of all nodes");
  command.add_option("--rule", request->rule,
                     "Rule (default: eplb, or the scenario's); help lists them");
  command.add_flag("--json", request->json, "Print JSON");
  command.callback([&chosen, request, loads, scenario] {
    if (loads->count() + scenario->count() == 0) {
      throw CLI::RequiredError("--loads or --scenario");
    }
    chosen = [request] {
      if (request->scenario.empty()) {
        place_loads(*request);
      } else {
        show_expert_balance(*request);
      }
      return int{kDone};
    };
  });
}

}  // namespace epfleet::cli
