// The key table: one row per scenario key. Parsing, range checks, `epfleet explain`, the JSON
// Schema and the resolved document all come from these rows; nothing else knows what a key is
// called.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/config/scenario.h"
#include "epfleet/config/value.h"

namespace epfleet::config {

struct Node;  // a value as written (document.h)

// What JSON knows a value as; everything with a unit is text.
enum class JsonType { Text, Integer, Number, NumberOrText, Boolean, List };

// Bounds in the dimension's base unit (seconds for durations). Open: the bound itself is outside.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
};

struct Choice {
  std::string name;
  std::string meaning;  // may be empty
};

struct Key {
  std::string name;    // "decode.host_time"
  std::string type;    // in words, with the units: "duration (ns, us, ms, s, min, h, d)"
  std::string help;    // one sentence
  std::string source;  // where the default or the shipped value comes from
  JsonType json = JsonType::Text;
  Dimension dimension = Dimension::Number;
  Range range;
  std::string range_text;       // "> 0 s"; empty: any
  std::string absent;           // word for "no value": "auto" or "none"; empty: not allowed
  std::vector<Choice> choices;  // allowed words; empty: not a choice
  bool is_path = false;         // resolved against the folder of the file that states it
  std::string plausible_low;    // both empty: not a guess
  std::string plausible_high;
  std::string overrides;  // "hardware.sms" for prefill.hardware.sms; else empty
  std::string same_as;    // the key that it is a short form of; else empty

  // Reads the written value into the scenario; what is wrong is the answer.
  std::function<std::optional<Fault>(Scenario&, const Node&)> read;
  // The value in canonical form, as one YAML flow value; several lines: a YAML block.
  std::function<std::string(const Scenario&)> print;

  [[nodiscard]] bool is_guess() const { return !plausible_low.empty(); }
};

// In the order of the resolved document.
[[nodiscard]] std::span<const Key> key_table();

[[nodiscard]] const Key* find_key(std::string_view name);

// As the table has it: workload.classes.NAME.share for workload.classes.paid.share.
[[nodiscard]] std::string generic_name(std::string_view name);

// Whether keys lie below it: "decode", "decode.mtp".
[[nodiscard]] bool is_key_group(std::string_view name);

// Names directly below a group ("" is the root), in table order.
[[nodiscard]] std::vector<std::string> group_members(std::string_view group);

[[nodiscard]] inline bool is_key_or_group(std::string_view name) {
  return find_key(name) != nullptr || is_key_group(name);
}

// The key or group most like a misspelt one; empty if nothing is near.
[[nodiscard]] std::string nearest_key(std::string_view name);

// What to do about an unknown key: "did you mean 'decode.gpus'?", or what it is to another tool, or
// `otherwise`.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       std::string otherwise = "see epfleet explain");

// Throws base::InputError, naming the nearest, unless it is a key or a group of keys.
void require_key(const std::string& name, const std::string& file);

// The value that a scenario has for a key, as resolved; none for a group of keys.
[[nodiscard]] std::optional<std::string> value_of(const Scenario& scenario, const std::string& key);

// Groups that may be given as the NAME of a shared part: "hardware", "model", "prices.book", ...
struct PartGroup {
  std::string name;
  std::string member;    // "book": the part's entry that is meant, if the part has it
  std::string folder{};  // "engines": the folder among the parts that its parts are in
};
[[nodiscard]] std::span<const PartGroup> part_groups();
[[nodiscard]] bool is_part_group(std::string_view name);

}  // namespace epfleet::config
