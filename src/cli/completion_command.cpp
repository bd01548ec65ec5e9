// `epfleet completion` and `epfleet man`: from the commands as they are declared.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "command.h"
#include "commands.h"
#include "completion.h"
#include "epfleet/version.h"

namespace epfleet::cli {
namespace {

struct CompletionRequest {
  Command app;
  std::string shell;
  std::vector<std::string> words;
};

void completion(const CompletionRequest& request) {
  if (request.shell != "words") {
    fmt::print("{}", completion_script(request.shell));
    return;
  }
  for (const std::string& word : completions(request.app.text(), request.words)) {
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

std::string arguments_of(const CommandText& command) {
  std::string text = command.commands.empty() ? " [OPTION]..." : " COMMAND";
  for (const OptionText& option : command.options) {
    if (option.positional) {
      text += option.required ? " " + option.names : fmt::format(" [{}]", option.names);
    }
  }
  return text;
}

std::string options_page(const CommandText& command, bool with_help) {
  std::string text;
  for (const OptionText& option : command.options) {
    if (option.is_help && !with_help) {
      continue;
    }
    std::string names = option.names;
    for (auto at = names.find(','); at != std::string::npos; at = names.find(',', at + 2)) {
      names.replace(at, 1, ", ");
    }
    std::string value = option.takes_value && !option.positional
                            ? fmt::format(" \\fI{}\\fR", roff(option.type))
                            : "";
    if (const auto bare = names.find('{'); bare != std::string::npos) {  // "--flag{what it means}"
      names.erase(bare, names.find('}', bare) + 1 - bare);
      value = "[=\\fIN\\fR]";
    }
    text += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(names), value, roff(option.description));
  }
  return text;
}

// The command and those below it; help is as of all.
std::string command_page(const CommandText& command) {
  std::string text =
      fmt::format(".SS \"{}{}\"\n{}.\n{}", roff(command.full_name), roff(arguments_of(command)),
                  roff(command.description), options_page(command, false));
  for (const CommandText& below : command.commands) {
    text += command_page(below);
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
  const CommandText app = request.app.text();
  std::string text = fmt::format(
      ".TH EPFLEET 1 \"\" \"epfleet {0}\" \"User Commands\"\n.SH NAME\nepfleet \\- {1}\n.SH "
      "SYNOPSIS\n"
      ".B epfleet\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH DESCRIPTION\n"
      "A discrete\\-event simulator of a service of large language models: prefill and decode "
      "units "
      "of many GPUs,\ntheir caches, balancers and schedules, what users feel and what it costs.\nA "
      "scenario is a YAML file; results go to a folder.\n.SH OPTIONS\n{2}.SH COMMANDS\n",
      kVersion, "simulates a fleet that serves DeepSeek\\-V3/R1", options_page(app, true));
  for (const CommandText& command : app.commands) {
    text += command_page(command);
  }
  fmt::print("{}{}", text, kEnd);
}

}  // namespace

void add_completion(Command app, Chosen& chosen) {
  auto request = std::make_shared<CompletionRequest>(CompletionRequest{app, {}, {}});
  const Command command = app.add_subcommand(
      "completion", "Print what makes a shell complete commands, options, keys and metrics");
  // "words" answers the scripts: what comes next behind these words.
  command.add_option("SHELL", request->shell, "bash, zsh or fish")
      .required()
      .only_untold({"bash", "zsh", "fish", "words"});
  command.add_option("WORDS", request->words, "").hidden();
  when_chosen(command, chosen, request, completion);

  auto page = std::make_shared<CompletionRequest>(CompletionRequest{app, {}, {}});
  when_chosen(app.add_subcommand("man", "Print the manual page, for man -l -"), chosen, page, man);
}

}  // namespace epfleet::cli
