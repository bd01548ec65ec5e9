// The commands and their options as CLI11 has them: what --help, completion and the man page show.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace epfleet::cli {

// Groups of options are commands without a name to CLI11.
[[nodiscard]] std::vector<const CLI::App*> commands_of(const CLI::App& app, bool named);

// Of the command and its groups, those that are shown.
[[nodiscard]] std::vector<const CLI::Option*> options_of(const CLI::App& app);

// "--set" and the like; without the short ones.
[[nodiscard]] std::vector<std::string> long_names(const CLI::App& app);

// "epfleet trace stat"
[[nodiscard]] std::string full_name(const CLI::App& app);

// The words that an option takes, as it lists them itself; empty: free.
[[nodiscard]] std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace epfleet::cli
