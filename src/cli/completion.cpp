#include "completion.h"

#include <algorithm>
#include <iterator>

#include "command.h"
#include "epfleet/config/key.h"
#include "epfleet/config/topics.h"
#include "epfleet/report/catalogue.h"

namespace epfleet::cli {
namespace {

// Where the cursor is: in a command, and perhaps behind an option that takes a value.
struct Place {
  const CommandText* command;
  const OptionText* option = nullptr;
};

const OptionText* option_named(const CommandText& command, const std::string& word) {
  for (const OptionText& option : command.options) {
    if (std::ranges::find(option.spellings, word) != option.spellings.end()) {
      return &option;
    }
  }
  return nullptr;
}

Place place_of(const CommandText& app, std::span<const std::string> before) {
  Place place{&app};
  for (const std::string& word : before) {
    if (place.option != nullptr) {
      place.option = nullptr;
      continue;
    }
    if (word.starts_with('-')) {
      const OptionText* option = option_named(*place.command, word);
      place.option = option != nullptr && option->takes_value ? option : nullptr;
      continue;
    }
    for (const CommandText& command : place.command->commands) {
      if (command.name == word) {
        place.command = &command;
        break;
      }
    }
  }
  return place;
}

class Offer {
 public:
  explicit Offer(const std::string& current) : current_(current) {}

  void add(const std::string& word) {
    if (word.starts_with(current_) && std::ranges::find(words_, word) == words_.end()) {
      words_.push_back(word);
    }
  }
  void add_all(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      add(word);
    }
  }
  // Up to the next dot behind what is typed; `end` follows a whole name.
  void add_path(const std::string& path, const std::string& end = "") {
    const auto dot = path.find('.', current_.size());
    add(path.starts_with(current_) && dot != std::string::npos ? path.substr(0, dot + 1)
                                                               : path + end);
  }
  void add_keys(const std::string& end) {
    for (const config::Key& key : config::key_table()) {
      add_path(key.name, end);
    }
  }
  void add_metrics() {
    for (const report::Metric& metric : report::metric_catalogue()) {
      add_path(metric.path);
    }
  }
  void add_files() { words_.emplace_back(kFiles); }

  std::vector<std::string> words() && { return std::move(words_); }

 private:
  const std::string& current_;
  std::vector<std::string> words_;
};

// KEY=VALUE: the keys, then what a key takes.
void add_setting(Offer& offer, const std::string& current) {
  const auto equals = current.find('=');
  if (equals == std::string::npos) {
    return offer.add_keys("=");
  }
  if (const config::Key* key = config::find_key(current.substr(0, equals)); key != nullptr) {
    for (const config::Choice& choice : key->choices) {
      offer.add(current.substr(0, equals + 1) + choice.name);
    }
    if (key->is_path) {
      offer.add_files();
    }
  }
}

void add_value(Offer& offer, const OptionText& option, const std::string& current) {
  const auto is = [&](const char* name) {
    return std::ranges::find(option.spellings, name) != option.spellings.end();
  };
  if (!option.choices.empty()) {
    offer.add_all(option.choices);
  } else if (is("--set") || is("--vary") || is("--what-if")) {
    add_setting(offer, current);
  } else if (is("--metric") || is("--minimise") || is("--maximise") || is("--limit")) {
    offer.add_metrics();
    if (is("--maximise")) {
      offer.add_keys("");
    }
  } else {
    offer.add_files();
  }
}

void add_name_to_explain(Offer& offer) {
  for (const config::Topic& topic : config::topics()) {
    offer.add(std::string(topic.name));
  }
  offer.add_keys("");
  offer.add_metrics();
  for (const report::SeriesColumn& column : report::series_columns()) {
    offer.add(std::string(column.meaning.name));
  }
}

constexpr const char* kBash = R"(# bash completion of epfleet; made by `epfleet completion bash`
_epfleet() {
  local i word reply words=()
  for ((i = 1; i <= COMP_CWORD; ++i)); do # to bash '=' is a word of its own, and ends one
    word=${COMP_WORDS[i]}
    if ((${#words[@]})) && [[ $word == "=" || ${COMP_WORDS[i - 1]} == "=" ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
  done
  local current=${words[${#words[@]} - 1]}
  local before=${current%"${current##*=}"} # which stays on the line
  COMPREPLY=()
  while IFS= read -r reply; do
    if [[ $reply == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do
        COMPREPLY+=("$word")
      done < <(compgen -f -- "${current#"$before"}")
    else
      COMPREPLY+=("${reply#"$before"}")
      if [[ $reply == *[.=] ]]; then
        compopt -o nospace 2>/dev/null
      fi
    fi
  done < <("${COMP_WORDS[0]}" completion words -- "${words[@]}" 2>/dev/null)
}
complete -F _epfleet epfleet
)";

constexpr const char* kZsh = R"(#compdef epfleet
# zsh completion of epfleet; made by `epfleet completion zsh`
_epfleet() {
  local reply
  local -a open closed
  for reply in "${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $reply in
      :files) _files ;;
      *[.=]) open+=("$reply") ;;
      ?*) closed+=("$reply") ;;
    esac
  done
  (( $#open )) && compadd -S '' -- "${open[@]}"
  (( $#closed )) && compadd -- "${closed[@]}"
  return 0
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _epfleet "$@"
else
  compdef _epfleet epfleet
fi
)";

constexpr const char* kFish = R"(# fish completion of epfleet; made by `epfleet completion fish`
function __epfleet_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    for reply in ($program completion words -- $words (commandline -ct) 2>/dev/null)
        if test "$reply" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $reply
        end
    end
end
complete -c epfleet -f -a '(__epfleet_complete)'
)";

}  // namespace

std::vector<std::string> completions(const CommandText& app, std::span<const std::string> words) {
  const std::string current = words.empty() ? "" : words.back();
  const Place place = place_of(app, words.first(words.empty() ? 0 : words.size() - 1));
  Offer offer(current);
  if (place.option != nullptr) {
    add_value(offer, *place.option, current);
  } else if (current.starts_with('-')) {
    offer.add_all(long_names(*place.command));
  } else if (!place.command->commands.empty()) {
    for (const CommandText& command : place.command->commands) {
      offer.add(command.name);
    }
  } else if (place.command->name == "explain") {
    add_name_to_explain(offer);
  } else if (place.command->name == "completion") {
    offer.add_all({"bash", "zsh", "fish"});
  } else {
    offer.add_files();
  }
  return std::move(offer).words();
}

std::string completion_script(const std::string& shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

}  // namespace epfleet::cli
