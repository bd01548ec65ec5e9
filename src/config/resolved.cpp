#include "epfleet/config/resolved.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/paths.h"
#include "epfleet/config/shipped.h"
#include "own_classes.h"

namespace epfleet::config {
namespace {

// A phase's own hardware is written only where it differs from the shared one.
bool is_written(const Key& key, const std::string& value, const Scenario& scenario) {
  return key.same_as.empty() &&
         (key.overrides.empty() || value != find_key(key.overrides)->print(scenario));
}

bool is_given(const std::string& name, const Scenario& scenario) {
  return scenario.given.contains(name) || std::ranges::any_of(key_table(), [&](const Key& key) {
           return key.same_as == name && scenario.given.contains(key.name);
         });
}

// Of the classes, those that the scenario has.
std::vector<std::string> members_of(const Scenario& scenario, const std::string& group) {
  std::vector<std::string> members = group_members(group);
  if (group == kClasses) {
    const auto any = std::ranges::find(members, kAnyName);
    std::vector<std::string> own;
    for (const workload::OwnClassConfig& one : scenario.workload.plain.classes) {
      own.push_back(one.name);
    }
    members.insert(members.erase(any), own.begin(), own.end());
  }
  return members;
}

// The keys of a group and of the groups in it as indented blocks; empty if nothing of it is
// written. A group is never left and opened again.
std::string group_text(const Scenario& scenario, const std::string& group, int depth) {
  std::string text;
  for (const std::string& member : members_of(scenario, group)) {
    const std::string name = group.empty() ? member : group + "." + member;
    const std::string start = fmt::format("{:{}}{}:", "", 2 * depth, member);
    const Key* key = find_key(name);
    if (key == nullptr) {
      const std::string inner = group_text(scenario, name, depth + 1);
      text += inner.empty() ? "" : start + "\n" + inner;
      continue;
    }
    std::string value = key->print(scenario);
    if (!is_written(*key, value, scenario)) {
      continue;
    }
    const char* mark = is_given(name, scenario) ? "" : "  # default";
    const bool is_block = value.starts_with('\n');
    for (auto at = value.find('\n'); at != std::string::npos; at = value.find('\n', at + 1)) {
      value.insert(at + 1, static_cast<std::size_t>(2 * depth + 2), ' ');
    }
    text += is_block ? start + mark + value + "\n" : start + " " + value + mark + "\n";
  }
  return text;
}

bool decides_the_run(const Key& key) {
  return key.same_as.empty() && key.name != "name" && key.name != "seed" &&
         !key.name.starts_with("report.");
}

}  // namespace

std::string resolved_document(const Scenario& scenario) {
  return "# The scenario as run, every key. Paths start from the folder of the scenario file.\n" +
         group_text(scenario, "", 0);
}

namespace {

struct KeyAtDefault {
  const Key* key;
  std::string value;
};

std::vector<KeyAtDefault> deciding_keys() {
  const Scenario defaults = default_scenario();
  std::vector<KeyAtDefault> deciding;
  for (const Key& key : key_table()) {
    if (decides_the_run(key)) {
      deciding.push_back({&key, key.print(defaults)});
    }
  }
  return deciding;
}

// A built-in file is named as the shipped scenarios name it.
std::string same_from_everywhere(const std::string& text) {
  std::string path = text;
  std::erase(path, '"');
  const auto file = is_builtin(path) ? shipped_file(path) : std::nullopt;
  return file ? relative_path(*file, *shipped_folder() + "/configs") : text;
}

}  // namespace

// Keys at their defaults are left out, so that one more key changes no fingerprint.
std::string scenario_fingerprint(const Scenario& scenario) {
  static const std::vector<KeyAtDefault> kDeciding = deciding_keys();
  std::string lines;
  for (const auto& [key, value_at_default] : kDeciding) {
    const std::string value = key->print(scenario);
    if (value != value_at_default) {
      lines += fmt::format("{}={}\n", key->name, same_from_everywhere(value));
    }
  }
  for (const workload::OwnClassConfig& one : scenario.workload.plain.classes) {
    std::vector<Key> keys;
    Rows rows(keys);
    add_own_class_rows(rows, one.name);
    for (const Key& key : keys) {
      lines += fmt::format("{}={}\n", key.name, key.print(scenario));
    }
  }
  return fmt::format("{:016x}", base::mix64(base::stream_name_hash(lines)));
}

}  // namespace epfleet::config
