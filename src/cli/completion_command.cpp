// `epfleet completion` and `epfleet man`: from the commands as they are declared.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "command_tree.h"
#include "commands.h"
#include "completion.h"
#include "epfleet/version.h"

namespace epfleet::cli {
namespace {

struct CompletionRequest {
  const CLI::App* app;
  std::string shell;
  std::vector<std::string> words;
};

void completion(const CompletionRequest& request) {
  if (request.shell != "words") {
    fmt::print("{}", completion_script(request.shell));
    return;
  }
  for (const std::string& word : completions(*request.app, request.words)) {
    fmt::print("{}\n", word);
  }
}

// --- the man page

// Text as roff takes it.
std::string roff(std::string_view text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return out;
}

std::string arguments_of(const CLI::App& command) {
  std::string text = commands_of(command, true).empty() ? " [OPTION]..." : " COMMAND";
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_positional()) {
      const std::string name = option->get_name(true);
      text += option->get_required() ? " " + name : fmt::format(" [{}]", name);
    }
  }
  return text;
}

std::string options_page(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : options_of(command)) {
    if (option == command.get_help_ptr() && command.get_parent() != nullptr) {
      continue;  // as of all
    }
    const bool takes_value = option->get_items_expected_max() > 0 && !option->get_positional();
    std::string names = option->get_name(option->get_positional(), !option->get_positional());
    for (auto at = names.find(','); at != std::string::npos; at = names.find(',', at + 2)) {
      names.replace(at, 1, ", ");
    }
    std::string value =
        takes_value ? fmt::format(" \\fI{}\\fR", roff(option->get_type_name())) : "";
    if (const auto bare = names.find('{'); bare != std::string::npos) {  // "--flag{what it means}"
      names.erase(bare, names.find('}', bare) + 1 - bare);
      value = "[=\\fIN\\fR]";
    }
    text +=
        fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(names), value, roff(option->get_description()));
  }
  return text;
}

// The command and those below it.
std::string command_page(const CLI::App& command) {
  std::string text =
      fmt::format(".SS \"{}{}\"\n{}.\n{}", roff(full_name(command)), roff(arguments_of(command)),
                  roff(command.get_description()), options_page(command));
  for (const CLI::App* below : commands_of(command, true)) {
    text += command_page(*below);
  }
  return text;
}

constexpr const char* kEnd = R"(.SH EXIT STATUS
.TP
0
Done.
.TP
1
Some cases of a sweep failed.
.TP
2
The input is wrong; every problem is listed.
.TP
70
A broken invariant: a bug of epfleet.
.TP
74
The machine failed: disk full, file vanished, out of memory.
.TP
129, 130, 143
Interrupted; the partial result is written and marked so.
.SH ENVIRONMENT
.TP
NO_COLOR, TERM
No colour where NO_COLOR is set, or TERM is dumb, or stdout is no terminal.
.TP
LC_ALL, LC_CTYPE, LANG
Where they name another charset than UTF\-8, bars and lines are plain ASCII.
.SH SEE ALSO
\fBepfleet explain\fR has every key of a scenario and every metric of a result;
\fBepfleet\fR \fICOMMAND\fR \fB\-\-help\fR the options of a command.
)";

void man(const CompletionRequest& request) {
  const CLI::App& app = *request.app;
  std::string text = fmt::format(
      ".TH EPFLEET 1 \"\" \"epfleet {0}\" \"User Commands\"\n.SH NAME\nepfleet \\- {1}\n.SH "
      "SYNOPSIS\n"
      ".B epfleet\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH DESCRIPTION\n"
      "A discrete\\-event simulator of a service of large language models: prefill and decode "
      "units "
      "of many GPUs,\ntheir caches, balancers and schedules, what users feel and what it costs.\nA "
      "scenario is a YAML file; results go to a folder.\n.SH OPTIONS\n{2}.SH COMMANDS\n",
      kVersion, "simulates a fleet that serves DeepSeek\\-V3/R1", options_page(app));
  for (const CLI::App* command : commands_of(app, true)) {
    text += command_page(*command);
  }
  fmt::print("{}{}", text, kEnd);
}

}  // namespace

void add_completion(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<CompletionRequest>();
  request->app = &app;
  CLI::App& command = *app.add_subcommand(
      "completion", "Print what makes a shell complete commands, options, keys and metrics");
  // "words" answers the scripts: what comes next behind these words.
  command.add_option("SHELL", request->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "words"}).description(""));
  command.add_option("WORDS", request->words, "")->group("");
  when_chosen(command, chosen, request, completion);

  auto page = std::make_shared<CompletionRequest>();
  page->app = &app;
  when_chosen(*app.add_subcommand("man", "Print the manual page, for man -l -"), chosen, page, man);
}

}  // namespace epfleet::cli
