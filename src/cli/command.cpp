#include "command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace epfleet::cli {
namespace {

// Groups of options are commands without a name to CLI11.
std::vector<const CLI::App*> commands_of(const CLI::App& app, bool named) {
  return app.get_subcommands(
      [named](const CLI::App* command) { return command->get_name().empty() != named; });
}

// Of the command and its groups, those that are shown.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options =
      app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
  for (const CLI::App* group : commands_of(app, false)) {
    std::ranges::move(options_of(*group), std::back_inserter(options));
  }
  return options;
}

std::string full_name(const CLI::App& app) {
  const CLI::App* above = app.get_parent();
  return (above == nullptr ? "" : full_name(*above) + " ") + app.get_name();
}

// As the option lists them itself: "TEXT:{auto, off, on}".
std::vector<std::string> choices_in(const std::string& type) {
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

OptionText text_of(const CLI::Option& option, const CLI::App& app) {
  OptionText text;
  text.positional = option.get_positional();
  text.names = option.get_name(text.positional, !text.positional);
  for (const std::string& name : option.get_snames()) {
    text.spellings.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    text.spellings.push_back("--" + name);
  }
  text.type = option.get_type_name();
  text.description = option.get_description();
  text.choices = choices_in(text.type);
  text.required = option.get_required();
  text.takes_value = option.get_items_expected_max() > 0;
  text.is_help = &option == app.get_help_ptr();
  return text;
}

CommandText text_of(const CLI::App& app) {
  CommandText text;
  text.name = app.get_name();
  text.full_name = full_name(app);
  text.description = app.get_description();
  for (const CLI::Option* option : options_of(app)) {
    text.options.push_back(text_of(*option, app));
  }
  for (const CLI::App* command : commands_of(app, true)) {
    text.commands.push_back(text_of(*command));
  }
  return text;
}

}  // namespace

std::vector<std::string> long_names(const CommandText& command) {
  std::vector<std::string> names;
  for (const OptionText& option : command.options) {
    std::ranges::copy_if(option.spellings, std::back_inserter(names),
                         [](const std::string& name) { return name.starts_with("--"); });
  }
  return names;
}

// --- options

Option Option::required() const { return Option(*option_->required()); }
Option Option::one_each() const { return Option(*option_->allow_extra_args(false)); }
Option Option::take_all() const { return Option(*option_->take_all()); }
Option Option::split_at(char delimiter) const { return Option(*option_->delimiter(delimiter)); }
Option Option::joined_by(char delimiter) const { return Option(*option_->join(delimiter)); }
Option Option::excludes(Option other) const { return Option(*option_->excludes(other.option_)); }
Option Option::needs(Option other) const { return Option(*option_->needs(other.option_)); }
Option Option::positive() const { return Option(*option_->check(CLI::PositiveNumber)); }

template <class Number>
Option Option::between(Number low, Number high) const {
  return Option(*option_->check(CLI::Range(low, high)));
}
template Option Option::between(int, int) const;
template Option Option::between(unsigned, unsigned) const;
template Option Option::between(double, double) const;

Option Option::only(std::vector<std::string> words) const {
  return Option(*option_->check(CLI::IsMember(std::move(words))));
}
Option Option::only_untold(std::vector<std::string> words) const {
  return Option(*option_->check(CLI::IsMember(std::move(words)).description("")));
}
Option Option::show_default() const { return Option(*option_->capture_default_str()); }
Option Option::hidden() const { return Option(*option_->group("")); }

// --- commands

Command Command::add_subcommand(const std::string& name, const std::string& help) const {
  return Command(*app_->add_subcommand(name, help));
}
Command Command::add_group(const std::string& heading) const {
  return Command(*app_->add_option_group(heading));
}
void Command::needs_subcommand() const { app_->require_subcommand(1); }
void Command::set_footer(const std::string& text) const { app_->footer(text); }

template <class Value>
Option Command::add_option(const std::string& names, Value& value, const std::string& help) const {
  return Option(*app_->add_option(names, value, help));
}
template Option Command::add_option(const std::string&, std::string&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::string>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, std::vector<std::string>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, int&, const std::string&) const;
template Option Command::add_option(const std::string&, unsigned&, const std::string&) const;
template Option Command::add_option(const std::string&, std::int64_t&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::int64_t>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, double&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<double>&,
                                    const std::string&) const;

Option Command::add_flag(const std::string& names, bool& value, const std::string& help) const {
  return Option(*app_->add_flag(names, value, help));
}
Option Command::add_flag(const std::string& names, std::string& value,
                         const std::string& help) const {
  return Option(*app_->add_flag(names, value, help));
}
void Command::add_flag(const std::string& names, std::function<void()> act,
                       const std::string& help) const {
  app_->add_flag_callback(names, std::move(act), help);
}

Option Command::add_words(const std::string& names, const std::string& help,
                          std::vector<std::string> words,
                          std::function<void(const std::string&)> take) const {
  std::string list;
  for (const std::string& word : words) {
    list += (list.empty() ? "" : ", ") + word;
  }
  const auto is_known = [words = std::move(words), list](const std::string& text) {
    return std::ranges::find(words, text) != words.end() ? std::string()
                                                         : "'" + text + "' is none of " + list;
  };
  return Option(*app_->add_option_function<std::string>(names, std::move(take), help)
                     ->type_name("ENUM")
                     ->check(is_known, "{" + list + "}"));
}

void Command::needs_one_of(std::vector<Option> options, const std::string& names) const {
  app_->parse_complete_callback([options = std::move(options), names] {
    if (std::ranges::all_of(options,
                            [](const Option& option) { return option.option_->count() == 0; })) {
      throw CLI::RequiredError(names);
    }
  });
}

void Command::when_chosen(std::function<void()> act) const { app_->callback(std::move(act)); }

bool Command::has_option(const std::string& name) const {
  return app_->get_option_no_throw(name) != nullptr;
}

std::vector<Command> Command::subcommands() const {
  std::vector<Command> commands;
  for (CLI::App* app : app_->get_subcommands([](CLI::App*) { return true; })) {
    if (!app->get_name().empty()) {
      commands.emplace_back(*app);
    }
  }
  return commands;
}

CommandText Command::text() const { return text_of(*app_); }

// --- the command line

CommandLine::CommandLine(const std::string& name, const std::string& help,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(help, name)) {
  app_->set_version_flag("--version", version);
  app_->require_subcommand(1);
}

CommandLine::~CommandLine() = default;

CommandLine::Parsed CommandLine::parse(int argc, char** argv) const {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? Parsed::Told : Parsed::Wrong;
  }
  return Parsed::Chosen;
}

}  // namespace epfleet::cli
