#include "epfleet/config/topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

namespace epfleet::config {
namespace {

constexpr std::string_view kOfClasses = "workload.classes.";
constexpr std::string_view kAnyClass = "workload.classes.NAME";
constexpr std::string_view kRun = "run";  // keys without a group

constexpr Topic kTopics[] = {
    {kRun, "Keys without a group: what the run is called, when it begins, how long it counts."},
    {"fleet", "How many units of prefill and decode there are."},
    {"scaling",
     "How the number of units changes: by a schedule or by a rule, and how a unit starts and "
     "drains."},
    {"admission", "Caps, deadlines, users who give up or come again. By default none."},
    {"failures", "What fails and when, and how the service recovers. By default nothing."},
    {"workload",
     "The traffic: made up of sessions, or a trace; its rate, lengths, totals and course over "
     "the day."},
    {"prefill",
     "A prefill unit: its GPUs, the batch it computes at once, who gets the next request."},
    {"decode",
     "A decode unit: its GPUs, how many requests it holds, multi-token prediction, who gets the "
     "next request."},
    {"experts", "How unevenly tokens meet the experts, and how copies of experts even that out."},
    {"engine",
     "The software that runs the steps: what they cost beyond kernels and transfers. By default "
     "DeepSeek's."},
    {"kv_cache", "The store on disk that keeps the KV of prompts for later requests."},
    {"prices", "What a GPU hour costs, what tokens are sold for, and who pays."},
    {"energy", "Power of the nodes by what they do, and its price: a row beside the cost."},
    {"slo", "The objectives for latency that attainment, goodput and the verdict judge by."},
    {"report", "What is written of a run, and how finely."},
    {"model", "The dimensions of the network. By default DeepSeek-V3's."},
    {"hardware",
     "What a GPU, its links and its kernels can do: a profile such as h800, or one of your own."},
};

bool is_below(std::string_view name, std::string_view group) {
  return group.empty() || name == group ||
         (name.starts_with(group) && name.size() > group.size() && name[group.size()] == '.');
}

}  // namespace

std::span<const Topic> topics() { return kTopics; }

const Topic* find_topic(std::string_view name) {
  const auto found = std::ranges::find(kTopics, name, &Topic::name);
  return found == std::end(kTopics) ? nullptr : &*found;
}

std::string_view topic_of(std::string_view key) {
  const auto dot = key.find('.');
  return dot == std::string_view::npos ? kRun : key.substr(0, dot);
}

std::string told_name(const Key& key) {
  if (!key.name.starts_with(kOfClasses)) {
    return key.name;
  }
  const auto dot = key.name.find('.', kOfClasses.size());
  return dot == std::string::npos ? key.name : std::string(kAnyClass) + key.name.substr(dot);
}

bool is_told_by_own_name(std::string_view group) {
  return group.starts_with(kOfClasses) && !is_below(group, kAnyClass);
}

std::vector<const Key*> told_keys(std::string_view group) {
  std::vector<const Key*> keys;
  std::set<std::string, std::less<>> told;
  for (const Key& key : key_table()) {
    const std::string name = is_told_by_own_name(group) ? key.name : told_name(key);
    const bool wanted = group == kRun ? topic_of(name) == kRun : is_below(name, group);
    const bool repeats = !key.overrides.empty() && key.name != group;
    if (wanted && !repeats && told.insert(name).second) {
      keys.push_back(&key);
    }
  }
  return keys;
}

std::vector<const Key*> guesses_of(std::string_view name) {
  std::vector<const Key*> guesses;
  for (const Key& key : key_table()) {
    if (key.is_guess() && (key.name == name || told_name(key) == name)) {
      guesses.push_back(&key);
    }
  }
  return guesses;
}

std::string once_told_note(std::string_view group) {
  std::string text;
  for (const std::string_view name : {"prefill.hardware", "decode.hardware"}) {
    if (is_below(name, group)) {
      text += fmt::format("{}{}\n    {}\n", text.empty() ? "" : "\n", name,
                          "Any field of hardware, for the units of that phase only; epfleet "
                          "explain hardware has them.");
    }
  }
  return text;
}

}  // namespace epfleet::config
