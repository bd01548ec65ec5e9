#include "command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

namespace epfleet::cli {

std::vector<const CLI::App*> commands_of(const CLI::App& app, bool named) {
  return app.get_subcommands(
      [named](const CLI::App* command) { return command->get_name().empty() != named; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options =
      app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
  for (const CLI::App* group : commands_of(app, false)) {
    std::ranges::move(options_of(*group), std::back_inserter(options));
  }
  return options;
}

std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

std::string full_name(const CLI::App& app) {
  const CLI::App* above = app.get_parent();
  return (above == nullptr ? "" : full_name(*above) + " ") + app.get_name();
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{'), end = type.rfind('}');
  std::vector<std::string> words;
  if (begin == std::string::npos || end == std::string::npos) {
    return words;
  }
  for (std::string rest = type.substr(begin + 1, end - begin - 1); !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    words.push_back(rest.substr(0, comma));
    rest.erase(0, rest.find_first_not_of(", ", comma));
  }
  return words;
}

}  // namespace epfleet::cli
