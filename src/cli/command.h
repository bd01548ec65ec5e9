// Commands and their options, over CLI11, whose headers cost ten seconds of compilation wherever
// they are included: here that is command.cpp alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace epfleet::cli {

// An option as --help, completion and the manual page show it.
struct OptionText {
  std::string names;                   // "-h,--help", "SCENARIO"
  std::vector<std::string> spellings;  // "-h", "--help"; of a positional none
  std::string type;                    // "TEXT", "{auto, off, on}"
  std::string description;
  std::vector<std::string> choices;  // the words that it takes; empty: free
  bool positional = false, required = false, takes_value = false, is_help = false;
};

struct CommandText {
  std::string name, full_name;  // "stat", "epfleet trace stat"
  std::string description;
  std::vector<OptionText> options;  // those of its groups, too; none that is hidden
  std::vector<CommandText> commands;
};

// "--set" and the like; without the short ones.
[[nodiscard]] std::vector<std::string> long_names(const CommandText& command);

// A handle: copies are of the same option.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option required() const;
  Option one_each() const;  // "--set a --set b", not "--set a b"
  Option take_all() const;  // of an option that is given several times, every value
  Option split_at(char delimiter) const;
  Option joined_by(char delimiter) const;  // several values become one text
  Option excludes(Option other) const;
  Option needs(Option other) const;
  Option positive() const;
  template <class Number>  // int, unsigned, double
  Option between(Number low, Number high) const;
  Option only(std::vector<std::string> words) const;
  Option only_untold(std::vector<std::string> words) const;  // --help does not list them
  Option show_default() const;
  Option hidden() const;

 private:
  friend class Command;
  CLI::Option* option_;
};

// A handle: copies are of the same command.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  [[nodiscard]] Command add_subcommand(const std::string& name, const std::string& help) const;
  // What is declared in it belongs to this command, under a heading of its own.
  [[nodiscard]] Command add_group(const std::string& heading) const;
  void needs_subcommand() const;
  void set_footer(const std::string& text) const;

  // `names` as "-j" or "--isl,--input", or "FILE" of a positional. `value` must live until the
  // command line is parsed. Values: texts and numbers, optional ones, lists of texts (command.cpp).
  template <class Value>
  Option add_option(const std::string& names, Value& value, const std::string& help) const;
  // `value` becomes true, or false where `names` begins with "!".
  Option add_flag(const std::string& names, bool& value, const std::string& help) const;
  // "--check-sums{1000}": `value` is what stands behind "=", else what stands in braces.
  Option add_flag(const std::string& names, std::string& value, const std::string& help) const;
  void add_flag(const std::string& names, std::function<void()> act, const std::string& help) const;
  // An option that takes one of these words, each for a value.
  template <class Value>
  Option add_choice(const std::string& names, Value& value, const std::string& help,
                    const std::map<std::string, Value>& words) const {
    std::vector<std::string> told;
    for (const auto& [word, meant] : words) {
      told.push_back(word);
    }
    return add_words(names, help, told,
                     [&value, words](const std::string& word) { value = words.at(word); });
  }
  // Refuses the command line where none of them is given.
  void needs_one_of(std::vector<Option> options, const std::string& names) const;
  // `act` when this command is the one on the command line.
  void when_chosen(std::function<void()> act) const;

  [[nodiscard]] bool has_option(const std::string& name) const;
  [[nodiscard]] std::vector<Command> subcommands() const;  // groups left out
  [[nodiscard]] CommandText text() const;

 private:
  Option add_words(const std::string& names, const std::string& help,
                   std::vector<std::string> words,
                   std::function<void(const std::string&)> take) const;

  CLI::App* app_;
};

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& help, const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] Command root() const { return Command(*app_); }

  enum class Parsed { Chosen, Told, Wrong };  // Told: help or the version; both are printed here
  [[nodiscard]] Parsed parse(int argc, char** argv) const;

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace epfleet::cli
