// The subcommands as the command line sees them. Each function declares one with its options; when
// it is the one that was asked for, `chosen` becomes what it does and returns its exit code.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "exit_codes.h"

namespace epfleet::cli {

using Chosen = std::function<int()>;

void add_run(CLI::App& app, Chosen& chosen);
void add_replay(CLI::App& app, Chosen& chosen);
void add_sweep(CLI::App& app, Chosen& chosen);
void add_compare(CLI::App& app, Chosen& chosen);
void add_plan(CLI::App& app, Chosen& chosen);
void add_experts(CLI::App& app, Chosen& chosen);
void add_timing(CLI::App& app, Chosen& chosen);
void add_trace(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);

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

}  // namespace epfleet::cli
