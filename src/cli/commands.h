// The subcommands as the command line sees them. Each function declares one with its options; when
// it is the one on the command line, `chosen` becomes what it does and returns its exit code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "command.h"
#include "epfleet/base/error.h"
#include "progress_bar.h"

namespace epfleet::cli {

// What the program says with its exit code.
enum ExitCode : int {
  kDone = 0,
  kSomeCasesFailed = 1,
  kWrongInput = 2,
  kBrokenInvariant = 70,  // EX_SOFTWARE
  kMachineFailed = 74,    // EX_IOERR
  kSignalBase = 128,      // 130 for Ctrl-C, 143 for a polite kill
};

// The exit code of a command that a signal may have ended early (0: none did).
inline int exit_code(int signal) { return signal == 0 ? kDone : kSignalBase + signal; }

using Chosen = std::function<int()>;

void add_run(Command app, Chosen& chosen);
void add_replay(Command app, Chosen& chosen);
void add_sweep(Command app, Chosen& chosen);
void add_compare(Command app, Chosen& chosen);
void add_plan(Command app, Chosen& chosen);
void add_report(Command app, Chosen& chosen);
void add_init(Command app, Chosen& chosen);
void add_experts(Command app, Chosen& chosen);
void add_timing(Command app, Chosen& chosen);
void add_trace(Command app, Chosen& chosen);
void add_check(Command app, Chosen& chosen);
void add_explain(Command app, Chosen& chosen);
void add_completion(Command app, Chosen& chosen);  // and `man`

// The subcommands of timing that compare kernels.
void add_timing_kernels(Command timing, Chosen& chosen);
void add_timing_fit(Command timing, Chosen& chosen);

// What the command does with its request: `act` returns an exit code, or nothing where all is done.
template <class Request, class Act>
void when_chosen(Command command, Chosen& chosen, const std::shared_ptr<Request>& request,
                 Act act) {
  command.when_chosen([&chosen, request, act] {
    chosen = [request, act]() -> int {
      if constexpr (std::is_void_v<std::invoke_result_t<Act, const Request&>>) {
        act(*request);
        return kDone;
      } else {
        return act(*request);
      }
    };
  });
}

// Prints a page for people on stdout: as wide as the terminal, and in a locale without UTF-8 as
// plain ASCII.
void show(std::string text);

inline base::InputError wrong_option(std::string option, std::string what, std::string remedy) {
  return base::InputError(
      {.key = std::move(option), .what = std::move(what), .remedy = std::move(remedy)});
}

inline Option add_overrides(Command command, std::vector<std::string>& overrides) {
  return command.add_option("--set", overrides, "Override one key of the scenario, PATH=VALUE")
      .one_each()
      .take_all();
}

inline void add_progress(Command command, ProgressMode& progress) {
  command.add_choice<ProgressMode>(
      "--progress", progress, "Progress on stderr",
      {{"auto", ProgressMode::Auto}, {"on", ProgressMode::On}, {"off", ProgressMode::Off}});
}

}  // namespace epfleet::cli
