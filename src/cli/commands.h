// The subcommands as the command line sees them. Each function declares one with its options; when
// it is the one on the command line, `chosen` becomes what it does and returns its exit code.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

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

void add_run(CLI::App& app, Chosen& chosen);
void add_replay(CLI::App& app, Chosen& chosen);
void add_sweep(CLI::App& app, Chosen& chosen);
void add_compare(CLI::App& app, Chosen& chosen);
void add_plan(CLI::App& app, Chosen& chosen);
void add_report(CLI::App& app, Chosen& chosen);
void add_init(CLI::App& app, Chosen& chosen);
void add_experts(CLI::App& app, Chosen& chosen);
void add_timing(CLI::App& app, Chosen& chosen);
void add_trace(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);
void add_completion(CLI::App& app, Chosen& chosen);  // and `man`

// The subcommands of timing that compare kernels.
void add_timing_kernels(CLI::App& timing, Chosen& chosen);
void add_timing_fit(CLI::App& timing, Chosen& chosen);

// What the command does with its request: `act` returns an exit code, or nothing where all is done.
template <class Request, class Act>
void when_chosen(CLI::App& command, Chosen& chosen, const std::shared_ptr<Request>& request,
                 Act act) {
  command.callback([&chosen, request, act] {
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

inline CLI::Option* add_overrides(CLI::App& command, std::vector<std::string>& overrides) {
  return command.add_option("--set", overrides, "Override one key of the scenario, PATH=VALUE")
      ->allow_extra_args(false)
      ->take_all();
}

// A word that stands for a value. CLI11's own transformer takes the number behind it too.
template <class Value>
CLI::Validator one_of(const std::map<std::string, Value>& words) {
  std::string names;
  for (const auto& [name, value] : words) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return {[words, names](std::string& text) -> std::string {
            const auto found = words.find(text);
            if (found == words.end()) {
              return "'" + text + "' is none of " + names;
            }
            text = std::to_string(static_cast<int>(found->second));
            return "";
          },
          "{" + names + "}"};
}

inline void add_progress(CLI::App& command, ProgressMode& progress) {
  command.add_option("--progress", progress, "Progress on stderr")
      ->transform(one_of<ProgressMode>(
          {{"auto", ProgressMode::Auto}, {"on", ProgressMode::On}, {"off", ProgressMode::Off}}));
}

}  // namespace epfleet::cli
