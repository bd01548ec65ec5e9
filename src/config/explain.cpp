#include "epfleet/config/explain.h"

#include <fmt/format.h>

#include "epfleet/base/error.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/topics.h"
#include "epfleet/text/prose.h"

namespace epfleet::config {
namespace {

const Scenario& defaults() {
  static const Scenario kDefaults = default_scenario();
  return kDefaults;
}

std::string range_of_guess(const Key& key) {
  return fmt::format("a guess, plausible {} .. {}", key.plausible_low, key.plausible_high);
}

std::string explanation(const Key& key, const std::string& name) {
  std::string text =
      fmt::format("{}\n  {}; default {}", name, values_of(key), key.print(defaults()));
  if (!key.range_text.empty()) {
    text += fmt::format("; {}", key.range_text);
  }
  if (key.is_guess() && name == key.name) {
    text += fmt::format("; {}", range_of_guess(key));
  }
  text += fmt::format("\n    {}\n", key.help);
  for (const Choice& choice : key.choices) {
    if (!choice.meaning.empty()) {
      text += fmt::format("    {:<20} {}\n", choice.name, choice.meaning);
    }
  }
  for (const Key* guess : name == key.name ? std::vector<const Key*>() : guesses_of(name)) {
    text += fmt::format("    {}: {}.\n", guess->name, range_of_guess(*guess));
  }
  return text + fmt::format("    Source: {}.\n", key.source);
}

constexpr const char* kExtends =
    "extends\n    A file that this one is put on top of: groups add up, all else is replaced; a "
    "name "
    "is not inherited.\n";

// hardware.base and its like: the entry of a part group that names the part.
bool is_base_of_part(std::string_view name) {
  constexpr std::string_view kBase = ".base";
  return name.ends_with(kBase) && is_part_group(name.substr(0, name.size() - kBase.size()));
}

std::string base_explanation(std::string_view name) {
  const std::string_view group = name.substr(0, name.rfind('.'));
  return fmt::format(
      "{0}\n    The part that {1} rests on: a name, or the path of a file. Entries beside it are "
      "put "
      "on top; '{1}: NAME' alone says the same.\n",
      name, group);
}

}  // namespace

bool is_explained(std::string_view name) {
  return is_key_or_group(name) || name == "extends" || is_base_of_part(name) ||
         !told_keys(name).empty();
}

std::string values_of(const Key& key) {
  std::string words;
  for (const Choice& choice : key.choices) {
    words += (words.empty() ? "" : " | ") + choice.name;
  }
  const std::string& text = key.type == "choice" ? words : key.type;
  return key.absent.empty() || key.is_path ? text : fmt::format("{}, or {}", text, key.absent);
}

std::string explain(std::string_view key_or_group) {
  const std::string generic = generic_name(key_or_group);
  if (key_or_group != generic) {
    return explain(generic);
  }
  if (key_or_group == "extends" || is_base_of_part(key_or_group)) {
    return key_or_group == "extends" ? kExtends : base_explanation(key_or_group);
  }
  if (!key_or_group.empty() && !is_explained(key_or_group)) {
    throw base::InputError({.key = std::string(key_or_group),
                            .what = "unknown key",
                            .remedy = did_you_mean(key_or_group, "epfleet explain lists all")});
  }
  const std::vector<const Key*> keys = told_keys(key_or_group);
  std::string text;
  if (const Topic* topic = find_topic(key_or_group); topic != nullptr) {
    text = fmt::format("{}\n    {}\n", topic->name, topic->purpose);
  }
  for (const Key* key : keys) {
    const std::string name = is_told_by_own_name(key_or_group) ? key->name : told_name(*key);
    text += (text.empty() ? "" : "\n") + explanation(*key, name);
  }
  const std::string note = once_told_note(key_or_group);
  text += note.empty() ? "" : (text.empty() ? "" : "\n") + note;
  return key_or_group.empty() ? text + "\n" + kExtends : text;
}

std::vector<KeyLine> key_lines(std::string_view group) {
  std::vector<KeyLine> lines;
  for (const Key* key : told_keys(group)) {
    lines.push_back({is_told_by_own_name(group) ? key->name : told_name(*key),
                     key->print(defaults()), text::half_sentence(key->help)});
  }
  return lines;
}

namespace {

// Guesses about what the scenario does not have.
bool is_idle(const std::string& name, const Scenario& scenario) {
  const auto below = [&](const char* group) { return name.starts_with(group); };
  const cluster::AdmissionConfig& admission = scenario.admission;
  const std::string& policy = scenario.scaling.policy;
  if (below("failures.")) {
    return !scenario.failures.any();
  }
  if (below("admission.retries.")) {
    return admission.retries.limit == 0;
  }
  if (below("admission.")) {
    return !admission.max_concurrency && !admission.max_queue;
  }
  if (below("scaling.start_up.")) {
    const bool by_phase = name != "scaling.start_up.total" && name != "scaling.start_up.spread";
    return policy == "fixed" || (by_phase && scenario.scaling.start_up.total);
  }
  if (name == "engine.kernel_overhead") {
    return scenario.engine.kernel_overhead == base::Duration::zero();
  }
  if (name == "engine.launch_time") {
    return scenario.engine.launch_time == base::Duration::zero();
  }
  if (below("hardware.index_")) {
    return !scenario.model.is_sparse();
  }
  return below("scaling.slo.") && policy != "slo" && policy != "oracle";
}

// The host time of an engine beside DeepSeek's is its own guess: half to three times.
Guess host_time_guess(const Key& key, const Scenario& scenario) {
  constexpr base::Duration kDeepSeeksLeast = std::chrono::milliseconds(2);
  const base::Duration time = scenario.engine.host_time;
  if (time >= kDeepSeeksLeast) {
    return {key.name, key.print(scenario), key.plausible_low, key.plausible_high};
  }
  const auto text = [](base::Duration value) {
    return print_whole(Dimension::Duration, value.count());
  };
  return {key.name, key.print(scenario), text(time / 2), text(3 * time)};
}

}  // namespace

std::vector<Guess> guesses(const Scenario& scenario) {
  std::vector<Guess> rows;
  for (const Key& key : key_table()) {
    if (key.name == "engine.host_time") {
      rows.push_back(host_time_guess(key, scenario));
    } else if (key.is_guess() && !is_idle(key.name, scenario)) {
      rows.push_back({key.name, key.print(scenario), key.plausible_low, key.plausible_high});
    }
  }
  return rows;
}

}  // namespace epfleet::config
