// What a user may ask about the keys: in words, as a JSON Schema for editors, as a list of the
// guesses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epfleet/config/key.h"
#include "epfleet/config/scenario.h"

namespace epfleet::config {

// One key, all keys below a group, or ("") every key: type, unit, default, range, plausible range,
// meaning, source; of a topic first what it is for. Keys that several groups have are told once
// (topics.h). Throws base::InputError, naming the nearest key, if there is none.
[[nodiscard]] std::string explain(std::string_view key_or_group = "");
// Keys, groups, and the words that put files together: extends, hardware.base.
[[nodiscard]] bool is_explained(std::string_view name);

// The same in one line a key.
struct KeyLine {
  std::string name;
  std::string standard;  // the default
  std::string meaning;   // half a sentence
};
[[nodiscard]] std::vector<KeyLine> key_lines(std::string_view group);

// What a key takes, in words: its type with the units, or its choices, and the word for none.
[[nodiscard]] std::string values_of(const Key& key);

// JSON Schema (draft 2020-12) of scenario files.
[[nodiscard]] std::string json_schema();

// A value that is not published: what the scenario takes, and what else is plausible. All three
// texts can be given to --set.
struct Guess {
  std::string key;
  std::string central;
  std::string low;
  std::string high;
};
[[nodiscard]] std::vector<Guess> guesses(const Scenario& scenario);

}  // namespace epfleet::config
