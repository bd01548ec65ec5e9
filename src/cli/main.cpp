// Parse, load, build, run, report. Each command declares its own options; here alone errors become
// exit codes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "commands.h"
#include "epfleet/base/error.h"
#include "epfleet/config/key.h"
#include "epfleet/version.h"

namespace {

using epfleet::cli::ExitCode;

// The words before the options must be commands: CLI11 would only say that one is missing.
void check_command(const CLI::App& app, int argc, char** argv, int at) {
  // Groups of options are commands without a name to CLI11.
  const auto commands =
      app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
  if (commands.empty() || at >= argc || argv[at][0] == '-') {
    return;
  }
  const std::string word = argv[at];
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    if (command->get_name() == word) {
      return check_command(*command, argc, argv, at + 1);
    }
    names.push_back(command->get_name());
  }
  const std::string nearest = epfleet::config::nearest_word(word, names);
  const std::string meant =
      nearest.empty() ? "the" : fmt::format("did you mean '{}'? The", nearest);
  throw epfleet::base::InputError(
      {.key = app.get_name(),
       .what = fmt::format("there is no command '{}'", word),
       .remedy = fmt::format("{} commands are {}", meant, fmt::join(names, ", "))});
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Simulates a fleet that serves DeepSeek-V3/R1.", "epfleet");
  app.set_version_flag("--version", fmt::format("epfleet {}", epfleet::kVersion));
  app.require_subcommand(1);
  epfleet::cli::Chosen chosen;
  for (const auto add :
       {epfleet::cli::add_run, epfleet::cli::add_replay, epfleet::cli::add_sweep,
        epfleet::cli::add_compare, epfleet::cli::add_plan, epfleet::cli::add_experts,
        epfleet::cli::add_timing, epfleet::cli::add_trace, epfleet::cli::add_check,
        epfleet::cli::add_explain}) {
    add(app, chosen);
  }
  check_command(app, argc, argv, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::kDone : ExitCode::kWrongInput;
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const epfleet::base::InputError& error) {
    for (const auto& problem : error.problems()) {
      fmt::print(stderr, "{}\n", problem.text());
    }
    return ExitCode::kWrongInput;
  } catch (const epfleet::base::MachineError& error) {
    fmt::print(stderr, "epfleet: {}\n", error.what());
    return ExitCode::kMachineFailed;
  } catch (const epfleet::base::InvariantBroken& error) {
    fmt::print(stderr,
               "epfleet: {}\nThis is a bug of epfleet; please report it with the scenario.\n",
               error.what());
    return ExitCode::kBrokenInvariant;
  } catch (const std::exception& error) {
    fmt::print(stderr, "epfleet: {}\n", error.what());
    return ExitCode::kMachineFailed;
  }
}
