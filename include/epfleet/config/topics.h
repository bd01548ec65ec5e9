// The groups of keys as topics of `epfleet explain`, and the names under which keys are told once:
// the classes of sessions have the same keys, and each phase's hardware those of hardware.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/config/key.h"

namespace epfleet::config {

struct Topic {
  std::string_view name;  // the group; of keys without a group: "run"
  std::string_view purpose;
};
// In the order of the key table.
[[nodiscard]] std::span<const Topic> topics();
// Null for a name that is no topic.
[[nodiscard]] const Topic* find_topic(std::string_view name);
// The topic that the key stands under.
[[nodiscard]] std::string_view topic_of(std::string_view key);

// "workload.classes.NAME.priority" for the key of every class; else the key's own name.
[[nodiscard]] std::string told_name(const Key& key);

// The keys below a group ("": all; "run": those without a group), each told name once and without
// the copies of hardware, unless the group is within what is left out.
[[nodiscard]] std::vector<const Key*> told_keys(std::string_view group);

// The guesses among the keys that are told under this name.
[[nodiscard]] std::vector<const Key*> guesses_of(std::string_view told_name);

// The group is one class of sessions, or within it: its keys are told by their own names.
[[nodiscard]] bool is_told_by_own_name(std::string_view group);

// Where the copies of hardware stand that told_keys leaves out of the group; or nothing.
[[nodiscard]] std::string once_told_note(std::string_view group);

}  // namespace epfleet::config
