#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "epfleet/base/error.h"
#include "epfleet/config/equivalents.h"
#include "epfleet/text/nearest_word.h"
#include "key_files.h"
#include "key_rows.h"
#include "own_classes.h"

namespace epfleet::config {
namespace {

constexpr std::string_view kPhaseHardware[] = {"prefill.hardware.", "decode.hardware."};

std::vector<Key> make_table() {
  std::vector<Key> keys;
  Rows rows(keys);
  add_scenario_rows(rows);
  add_fleet_rows(rows);
  add_scaling_rows(rows);
  add_admission_rows(rows);
  add_failure_rows(rows);
  add_workload_rows(rows);
  add_trace_rows(rows);
  add_serving_rows(rows);
  add_expert_rows(rows);
  add_engine_rows(rows);
  add_cache_rows(rows);
  add_prices_rows(rows);
  add_energy_rows(rows);
  add_report_rows(rows);
  add_model_rows(rows);
  add_hardware_rows(rows);
  for (Key& key : keys) {
    if (key.name == "fleet.prefill_units" || key.name == "fleet.decode_units") {
      key.same_as = "fleet.base" + key.name.substr(key.name.find('.'));
    } else if (key.name == "decode.host_time") {
      key.same_as = "engine.host_time";
    }
  }
  for (Key& key : keys) {
    for (const std::string_view phase : kPhaseHardware) {
      if (key.name.starts_with(phase)) {
        key.overrides = key.name.substr(key.name.find('.') + 1);
      }
    }
  }
  return keys;
}

// What a user called a class: letters, digits, - and _.
bool is_class_name(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// The rows of a class of one's own, made when they are first asked for.
const Key* own_class_key(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<Key>, std::less<>> made;
  const std::string_view of = own_class_in(name);
  if (of.empty()) {
    return nullptr;
  }
  const std::lock_guard lock(mutex);
  std::vector<Key>& keys = made[std::string(of)];
  if (keys.empty()) {
    Rows rows(keys);
    add_own_class_rows(rows, std::string(of));
  }
  const auto found = std::ranges::find(keys, name, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

// Rest of `name` below `group`, or none. The root is "".
std::optional<std::string_view> below(std::string_view name, std::string_view group) {
  if (group.empty()) {
    return name;
  }
  if (name.size() > group.size() && name.starts_with(group) && name[group.size()] == '.') {
    return name.substr(group.size() + 1);
  }
  return std::nullopt;
}

// Calls visit(group) for every group that a key is in, from the outermost on.
template <class Visit>
void for_each_group_of(const std::string& key, const Visit& visit) {
  for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
    visit(key.substr(0, dot));
  }
}

// All keys and the groups above them, in table order.
std::vector<std::string> all_names() {
  std::vector<std::string> names;
  std::set<std::string, std::less<>> seen;
  for (const Key& key : key_table()) {
    const auto add = [&](const std::string& name) {
      if (seen.insert(name).second) {
        names.push_back(name);
      }
    };
    for_each_group_of(key.name, add);
    add(key.name);
  }
  return names;
}

// The root is "".
std::set<std::string, std::less<>> all_groups() {
  std::set<std::string, std::less<>> groups = {""};
  for (const Key& key : key_table()) {
    for_each_group_of(key.name, [&](const std::string& group) { groups.insert(group); });
  }
  return groups;
}

}  // namespace

std::span<const Key> key_table() {
  static const std::vector<Key> kTable = make_table();
  return kTable;
}

const Key* find_key(std::string_view name) {
  static const auto kIndex = [] {
    std::map<std::string_view, const Key*> index;
    for (const Key& key : key_table()) {
      index.emplace(key.name, &key);
    }
    return index;
  }();
  const auto found = kIndex.find(name);
  return found == kIndex.end() ? own_class_key(name) : found->second;
}

std::string_view own_class_in(std::string_view key) {
  const auto rest = below(key, kClasses);
  if (!rest) {
    return {};
  }
  const std::string_view name = rest->substr(0, rest->find('.'));
  const bool of_sessions =
      std::ranges::find(workload::kSessionClassNames, name) != workload::kSessionClassNames.end();
  return of_sessions || name == "base" || !is_class_name(name) ? std::string_view() : name;
}

std::string generic_name(std::string_view name) {
  const std::string_view of = own_class_in(name);
  if (of.empty()) {
    return std::string(name);
  }
  return fmt::format("{}.{}{}", kClasses, kAnyName, name.substr(kClasses.size() + 1 + of.size()));
}

bool is_key_group(std::string_view name) {
  static const auto kGroups = all_groups();
  return kGroups.contains(generic_name(name));
}

std::vector<std::string> group_members(std::string_view group) {
  std::vector<std::string> members;
  const std::string generic = generic_name(group);
  for (const Key& key : key_table()) {
    if (const auto rest = below(key.name, generic)) {
      std::string member(rest->substr(0, rest->find('.')));
      if (std::ranges::find(members, member) == members.end()) {
        members.push_back(std::move(member));
      }
    }
  }
  return members;
}

std::string nearest_key(std::string_view name) {
  static const std::vector<std::string> kNames = all_names();
  const std::string suffix = "." + std::string(name);
  const std::string* best = nullptr;  // right word, wrong level: mtp for decode.mtp
  for (const std::string& candidate : kNames) {
    if (candidate.ends_with(suffix) && !candidate.starts_with("workload.classes.") &&
        (best == nullptr || std::ranges::count(candidate, '.') < std::ranges::count(*best, '.'))) {
      best = &candidate;
    }
  }
  return best != nullptr ? *best : text::nearest_word(name, kNames);
}

std::string did_you_mean(std::string_view name, std::string otherwise) {
  const std::string nearest = nearest_key(name);
  const bool right_word =
      nearest.substr(nearest.rfind('.') + 1) == name.substr(name.rfind('.') + 1);
  if (std::string theirs = right_word ? "" : equivalent_remedy(name); !theirs.empty()) {
    return theirs;
  }
  return nearest.empty() ? otherwise : fmt::format("did you mean '{}'?", nearest);
}

void require_key(const std::string& name, const std::string& file) {
  if (!is_key_or_group(name)) {
    throw base::InputError(
        {.file = file, .key = name, .what = "unknown key", .remedy = did_you_mean(name)});
  }
}

std::optional<std::string> value_of(const Scenario& scenario, const std::string& key) {
  const Key* found = find_key(key);
  return found == nullptr ? std::nullopt : std::optional(found->print(scenario));
}

std::span<const PartGroup> part_groups() {
  static const PartGroup kGroups[] = {{"hardware", ""},
                                      {"prefill.hardware", ""},
                                      {"decode.hardware", ""},
                                      {"model", ""},
                                      {"engine", "", "engines"},
                                      {"workload.classes", ""},
                                      {"prices.book", "book"},
                                      {"prices.off_peak_book", "off_peak_book"},
                                      {"prices.calendar", "calendar"},
                                      {"prices.holidays", "holidays"}};
  return kGroups;
}

bool is_part_group(std::string_view name) {
  return std::ranges::find(part_groups(), name, &PartGroup::name) != part_groups().end();
}

}  // namespace epfleet::config
