#include "epfleet/config/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "assemble.h"
#include "epfleet/config/check.h"
#include "epfleet/config/key.h"
#include "epfleet/config/paths.h"

namespace epfleet::config {
namespace {

// A key of classes of one's own, said of a class of conversations.
bool is_for_own_classes(const std::string& name) {
  constexpr std::string_view kClasses = "workload.classes.";
  const auto dot = name.find('.', kClasses.size());
  return name.starts_with(kClasses) && dot != std::string::npos &&
         is_key_or_group(fmt::format("{}NAME{}", kClasses, name.substr(dot)));
}

// Reads a tree into a scenario by the key table and collects what is wrong.
class Reader {
 public:
  Reader(Scenario& scenario, std::vector<base::Problem>& problems)
      : scenario_(scenario), problems_(problems) {
    for (const base::Problem& problem : problems) {
      unsure_.push_back(problem.key);
    }
  }

  void read(const Node& root) {
    visit(root, "");
    // The schedule's times count from the start; a phase's hardware begins as the shared one.
    read_turn(Turn::Start);
    read_turn(Turn::SharedHardware);
    if (find_path(root, "prefill.hardware") == nullptr) {
      scenario_.prefill_hardware = scenario_.hardware;
    }
    if (find_path(root, "decode.hardware") == nullptr) {
      scenario_.decode_hardware = scenario_.hardware;
    }
    read_turn(Turn::Rest);
  }

  // Keys whose value is unknown: wrong, or perhaps meant by a misspelt key.
  [[nodiscard]] bool is_unsure(const std::string& key) const {
    return std::ranges::any_of(unsure_, [&](const std::string& one) {
      return key == one || key.starts_with(one + ".") || one.starts_with(key + ".");
    });
  }

 private:
  enum class Turn { Start, SharedHardware, Rest };
  struct Found {
    const Key* key;
    const Node* node;
  };

  void visit(const Node& node, const std::string& path) {
    for (const Entry& entry : node.entries) {
      const std::string name = path.empty() ? entry.key : path + "." + entry.key;
      if (const Key* key = find_key(name)) {
        found_.push_back({key, &entry.value});
      } else if (!is_key_group(name)) {
        report_unknown(entry, name);
      } else if (entry.value.kind == Node::Kind::Map) {
        visit(entry.value, name);
      } else if (entry.value.kind != Node::Kind::Null) {
        report_not_a_group(entry, name);
      }
    }
  }

  static Turn turn_of(const std::string& key) {
    return key == "start"                 ? Turn::Start
           : key.starts_with("hardware.") ? Turn::SharedHardware
                                          : Turn::Rest;
  }

  void read_turn(Turn turn) {
    for (const Found& found : found_) {
      if (turn_of(found.key->name) == turn) {
        read_one(found);
      }
    }
  }

  void read_one(const Found& found) {
    scenario_.given.insert(found.key->name);
    const std::optional<Fault> fault = found.key->read(scenario_, *found.node);
    if (!fault) {
      return;
    }
    report(found, *fault);
    std::ranges::for_each(fault->others, [&](const Fault& other) { report(found, other); });
    unsure_.push_back(found.key->name);
  }

  void report(const Found& found, const Fault& fault) {
    Place place = found.node->place;
    if (fault.line > 0) {
      place.line = fault.line;
      place.column = fault.column;
    }
    problems_.push_back(problem_at(place, found.key->name, fault.what, fault.remedy));
  }

  void report_unknown(const Entry& entry, const std::string& name) {
    if (++unknown_ > kMostSuggestions) {
      problems_.push_back(problem_at(entry.place, name, "unknown key", "see epfleet explain"));
      return;
    }
    problems_.push_back(problem_at(entry.place, name, "unknown key",
                                   entry.key == "<<" ? "merge keys are not known here; use extends"
                                   : entry.key == "extends" ? "a file says it, at its top"
                                   : is_for_own_classes(name)
                                       ? "classes of conversations have other keys; for plain "
                                         "traffic choose a class name of your own"
                                       : did_you_mean(name)));
    if (std::string nearest = nearest_key(name); !nearest.empty()) {
      unsure_.push_back(std::move(nearest));
    }
  }

  void report_not_a_group(const Entry& entry, const std::string& name) {
    problems_.push_back(
        problem_at(entry.value.place, name, "is one value, not a group of keys",
                   fmt::format("its keys are {}", fmt::join(group_members(name), ", "))));
    unsure_.push_back(name);
  }

  // Of a file with more unknown keys, none is misspelt.
  static constexpr std::size_t kMostSuggestions = 100;

  Scenario& scenario_;
  std::vector<base::Problem>& problems_;
  std::size_t unknown_ = 0;
  std::vector<Found> found_;
  std::vector<std::string> unsure_;
};

// Where a key is written; else where the group around it is given by one value; none if it is a
// default.
std::optional<Place> place_of(const Node& root, std::string key) {
  while (!key.empty()) {
    if (const Node* node = find_path(root, key); node != nullptr && node->kind != Node::Kind::Map) {
      return node->place;
    }
    const auto dot = key.rfind('.');
    key = dot == std::string::npos ? "" : key.substr(0, dot);
  }
  return std::nullopt;
}

// A contradiction is shown where the user most likely made it: in an option, in the scenario file
// itself, in a file below; among these at its first key.
Place place_of(const Contradiction& found, const Node& root, const std::string& file) {
  Place best{file, "", 0, 0};
  int best_rank = 0;
  for (const std::string& key : found.keys) {
    const std::optional<Place> place = place_of(root, key);
    const int rank = !place ? 0 : place->file == "--set" ? 3 : place->file == file ? 2 : 1;
    if (rank > best_rank) {
      best_rank = rank;
      best = *place;
    }
  }
  return best;
}

void add_contradictions(const Scenario& scenario, const Node& root, const Reader& reader,
                        std::vector<base::Problem>& problems) {
  for (const Contradiction& found : check(scenario)) {
    if (std::ranges::none_of(found.keys, [&](const auto& key) { return reader.is_unsure(key); })) {
      problems.push_back(problem_at(place_of(found, root, scenario.file), found.keys.front(),
                                    found.what, found.remedy));
    }
  }
}

// Without a readable file, or one that another rests on, contradictions mean little.
bool is_complete(const std::vector<base::Problem>& problems) {
  return std::ranges::none_of(problems, [](const base::Problem& problem) {
    return problem.key.empty() || problem.key == "extends";
  });
}

// One wrong value may be met twice: in `hardware` and in the phase's copy of it.
void drop_repeated(std::vector<base::Problem>& problems) {
  std::set<std::tuple<std::string, int, int, std::string>> seen;
  std::erase_if(problems, [&](const base::Problem& problem) {
    return problem.line > 0 &&
           !seen.emplace(problem.file, problem.line, problem.column, problem.what).second;
  });
}

void throw_if_any(std::vector<base::Problem> problems) {
  if (problems.empty()) {
    return;
  }
  drop_repeated(problems);
  std::ranges::stable_sort(problems, {}, [](const base::Problem& problem) {
    return std::tie(problem.file, problem.line, problem.column);
  });
  throw base::InputError(std::move(problems));
}

}  // namespace

Scenario default_scenario() {
  Scenario scenario;
  scenario.workload.hourly_shape = "flat";
  return scenario;
}

Scenario load_scenario(const std::string& path, std::span<const Override> overrides) {
  Scenario scenario = default_scenario();
  scenario.file = path;
  scenario.name = std::filesystem::path(opened_path(path)).stem().generic_string();
  std::vector<base::Problem> problems;
  const Node root = assemble_scenario(path, overrides, problems);
  const bool complete = is_complete(problems);
  Reader reader(scenario, problems);
  reader.read(root);
  const workload::PlainConfig& plain = scenario.workload.plain;
  if (scenario.workload.source == workload::SourceKind::Plain &&
      (plain.requests || !plain.stages.empty()) && !scenario.given.contains("duration")) {
    scenario.ends_by_itself = true;
  }
  if (complete) {
    add_contradictions(scenario, root, reader, problems);
  }
  throw_if_any(std::move(problems));
  return scenario;
}

hardware::HardwareProfile load_hardware(const std::string& name_or_path,
                                        const std::string& folder) {
  Scenario scenario = default_scenario();
  std::vector<base::Problem> problems;
  const Node root = assemble_hardware(name_or_path, folder, problems);
  Reader(scenario, problems).read(root);
  throw_if_any(std::move(problems));
  return scenario.hardware;
}

}  // namespace epfleet::config
