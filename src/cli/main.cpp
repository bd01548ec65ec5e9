// Parse, load, build, run, report. Each command declares its own options; here alone errors become
// exit codes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <utility>

#include "command.h"
#include "commands.h"
#include "epfleet/base/error.h"
#include "epfleet/base/log.h"
#include "epfleet/config/equivalents.h"
#include "epfleet/text/nearest_word.h"
#include "epfleet/version.h"

namespace {

using epfleet::cli::Command;
using epfleet::cli::CommandLine;
using epfleet::cli::CommandText;
using epfleet::cli::ExitCode;
using epfleet::cli::long_names;

// CLI11 would only say that the argument was not expected.
void check_options(const CommandText& command, int argc, char** argv, int at) {
  const std::vector<std::string> names = long_names(command);
  for (; at < argc && std::string_view(argv[at]) != "--"; ++at) {
    const std::string_view word = argv[at];
    const std::string option(word.substr(0, word.find('=')));
    if (!option.starts_with("--") || std::ranges::find(names, option) != names.end()) {
      continue;
    }
    const std::string nearest = epfleet::text::nearest_word(option, names);
    const std::string meant = nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest);
    const std::string theirs = meant.empty() ? epfleet::config::equivalent_remedy(option) : "";
    throw epfleet::base::InputError(
        {.key = command.name,
         .what = fmt::format("there is no option '{}'", option),
         .remedy = !theirs.empty()
                       ? theirs
                       : fmt::format("{}'{} --help' lists them", meant, command.full_name)});
  }
}

// The words before the options must be commands: CLI11 would only say that one is missing.
void check_command(const CommandText& command, int argc, char** argv, int at) {
  if (command.commands.empty()) {
    return check_options(command, argc, argv, at);
  }
  if (at >= argc || argv[at][0] == '-') {
    return;
  }
  const std::string word = argv[at];
  std::vector<std::string> names;
  for (const CommandText& below : command.commands) {
    if (below.name == word) {
      return check_command(below, argc, argv, at + 1);
    }
    names.push_back(below.name);
  }
  const std::string nearest = epfleet::text::nearest_word(word, names);
  const std::string meant =
      nearest.empty() ? "the" : fmt::format("did you mean '{}'? The", nearest);
  throw epfleet::base::InputError(
      {.key = command.name,
       .what = fmt::format("there is no command '{}'", word),
       .remedy = fmt::format("{} commands are {}", meant, fmt::join(names, ", "))});
}

// Every command can be told to be quiet; those with progress to show have an option of their own.
void add_quiet(Command command) {
  for (const Command below : command.subcommands()) {
    add_quiet(below);
    if (!below.has_option("--quiet")) {
      below.add_flag("--quiet", epfleet::base::silence_log, "No notes on stderr");
    }
  }
}

// Where a stream is closed its number would be that of the next file, and messages would go there.
// Of stdout the null device is opened to be read: writing still fails, and is told.
void open_standard_streams() {
  for (const auto& [stream, mode] :
       {std::pair(STDIN_FILENO, O_RDONLY), std::pair(STDOUT_FILENO, O_RDONLY),
        std::pair(STDERR_FILENO, O_WRONLY)}) {
    if (::fcntl(stream, F_GETFD) < 0) {
      (void)::open("/dev/null", mode);  // takes the lowest number that is free: this one
    }
  }
}

// A full disk, or a pipe that nobody reads, may show no earlier than here.
void flush_output() {
  std::cout.flush();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) {
    throw epfleet::base::MachineError(
        fmt::format("cannot write to stdout: {}", std::strerror(errno)));
  }
}

constexpr const char* kNoMemory = "epfleet: out of memory: the machine has less than this needs\n";

std::terminate_handler usual_end;

// Where no exception can be caught: before main, in destructors, in the library's own noexcept. An
// exception that itself found no memory is not there.
void end_without_memory() {
  try {
    if (std::current_exception()) {
      throw;
    }
  } catch (const std::bad_alloc&) {
  } catch (...) {
    usual_end();
  }
  epfleet::base::tell(kNoMemory);
  std::_Exit(ExitCode::kMachineFailed);
}

void expect_no_memory() { usual_end = std::set_terminate(end_without_memory); }
// Ahead of everybody's constructors, those of libraries too.
[[gnu::used, gnu::section(".preinit_array")]] void (*const kFirst)() = expect_no_memory;

int parse_and_run(int argc, char** argv) {
  const CommandLine line("epfleet", "Simulates a fleet that serves DeepSeek-V3/R1.",
                         fmt::format("epfleet {}", epfleet::kVersion));
  epfleet::cli::Chosen chosen;
  for (const auto add :
       {epfleet::cli::add_run, epfleet::cli::add_replay, epfleet::cli::add_sweep,
        epfleet::cli::add_compare, epfleet::cli::add_plan, epfleet::cli::add_report,
        epfleet::cli::add_init, epfleet::cli::add_experts, epfleet::cli::add_timing,
        epfleet::cli::add_trace, epfleet::cli::add_check, epfleet::cli::add_explain,
        epfleet::cli::add_completion}) {
    add(line.root(), chosen);
  }
  add_quiet(line.root());
  check_command(line.root().text(), argc, argv, 1);
  switch (line.parse(argc, argv)) {
    case CommandLine::Parsed::Chosen:
      return chosen();
    case CommandLine::Parsed::Told:
      return ExitCode::kDone;
    case CommandLine::Parsed::Wrong:
      break;
  }
  return ExitCode::kWrongInput;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  // By lines, so that what goes to stderr stands where it was said when both go to one file.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond `ulimit -f` fails as one to a full disk does
  try {
    const int code = parse_and_run(argc, argv);
    flush_output();
    return code;
  } catch (const epfleet::base::InputError& error) {
    for (const auto& problem : error.problems()) {
      epfleet::base::tell(fmt::format("{}\n", problem.text()));
    }
    return ExitCode::kWrongInput;
  } catch (const epfleet::base::MachineError& error) {
    epfleet::base::tell(fmt::format("epfleet: {}\n", error.what()));
    return ExitCode::kMachineFailed;
  } catch (const epfleet::base::InvariantBroken& error) {
    epfleet::base::tell(
        fmt::format("epfleet: {}\nThis is a bug of epfleet; please report it with the scenario.\n",
                    error.what()));
    return ExitCode::kBrokenInvariant;
  } catch (const std::bad_alloc&) {
    epfleet::base::tell(kNoMemory);
    return ExitCode::kMachineFailed;
  } catch (const std::exception& error) {
    epfleet::base::tell(fmt::format("epfleet: {}\n", error.what()));
    return ExitCode::kMachineFailed;
  }
}
