#include "epfleet/experiment/sweep_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "epfleet/config/check.h"
#include "epfleet/config/document.h"
#include "epfleet/config/key.h"
#include "epfleet/config/paths.h"
#include "epfleet/config/yaml_reader.h"

namespace epfleet::experiment {
namespace {

using config::Entry;
using config::Node;
using config::Place;

constexpr std::int64_t kMostReplicates = 10'000;

class SweepReader {
 public:
  SweepReader(SweepFile& sweep, std::vector<base::Problem>& problems)
      : sweep_(sweep), problems_(problems) {}

  void read(const Node& root) {
    if (const Node* scenario = root.find("scenario")) {  // first: paths in values start from it
      sweep_.scenario = config::resolved_path(text(*scenario, "scenario"), scenario->place.folder);
    }
    for (const Entry& entry : root.entries) {
      read_entry(entry);
    }
    if (const auto fault = config::name_fault(sweep_.name); !fault.empty()) {
      const Node* name = root.find("name");
      report((name == nullptr ? &root : name)->place, "name", fault.data(), config::kNameRemedy);
    }
    if (sweep_.scenario.empty() && root.find("scenario") == nullptr) {
      report(root.place, "scenario", "is missing", "name the scenario that is swept");
    }
    for (const SweepClaim& claim : sweep_.claims) {
      for (const std::string& name : {claim.name, claim.over}) {
        const auto has_name = [&](const SweepCase& one) { return one.name == name; };
        if (!name.empty() && std::ranges::none_of(sweep_.cases, has_name)) {
          report(root.find("claims")->place, "claims",
                 fmt::format("there is no case named '{}'", name), "give a case that name");
        }
      }
    }
  }

 private:
  void report(const Place& place, std::string key, std::string what, std::string remedy) {
    problems_.push_back(
        config::problem_at(place, std::move(key), std::move(what), std::move(remedy)));
  }

  void read_entry(const Entry& entry) {
    const Node& value = entry.value;
    if (entry.key == "name") {
      sweep_.name = text(value, "name");
    } else if (entry.key == "scenario") {
      // read already
    } else if (entry.key == "set") {
      flatten(value, "", sweep_.set);
    } else if (entry.key == "grid") {
      read_grid(value, "");
    } else if (entry.key == "cases") {
      read_cases(value);
    } else if (entry.key == "guesses") {
      sweep_.guesses = flag(value, "guesses");
    } else if (entry.key == "replicates") {
      const double count = number(value, "replicates", 1, kMostReplicates);
      sweep_.replicates = static_cast<std::int64_t>(count);
      if (std::floor(count) != count) {
        report(value.place, "replicates", "is not a whole number", "");
      }
    } else if (entry.key == "search") {
      read_search(value);
    } else if (entry.key == "metrics") {
      const bool single = value.kind == Node::Kind::Scalar;  // all, or one path
      for (const Node& item : single ? std::vector{value} : list(value, "metrics")) {
        sweep_.metrics.push_back(text(item, "metrics"));
      }
    } else if (entry.key == "baseline") {
      read_baseline(value);
    } else if (entry.key == "claims") {
      read_claims(value);
    } else {
      report(entry.place, entry.key, "a sweep has no such entry",
             "choose from name, scenario, set, grid, cases, guesses, replicates, search, metrics, "
             "baseline, claims");
    }
  }

  std::string text(const Node& node, const char* key) {
    if (node.kind != Node::Kind::Scalar || node.text.empty()) {
      report(node.place, key, "is not one value", "write one value");
      return "";
    }
    return node.text;
  }

  bool flag(const Node& node, const char* key) {
    if (node.text != "true" && node.text != "false") {
      report(node.place, key, fmt::format("'{}' is neither true nor false", node.text),
             "write true or false");
    }
    return node.text == "true";
  }

  double number(const Node& node, const char* key, double low, double high) {
    const auto parsed = config::parse_real(config::Dimension::Share, text(node, key));
    if (!parsed || *parsed < low || *parsed > high) {
      report(node.place, key,
             fmt::format("'{}' is not a number from {} to {}", node.text, low, high), "");
      return low;
    }
    return *parsed;
  }

  const std::vector<Node>& list(const Node& node, const char* key) {
    if (node.kind != Node::Kind::List || node.items.empty()) {
      report(node.place, key, "is not a list", "write [A, B, ...]");
    }
    return node.items;
  }

  bool may_vary(const std::string& name, const Place& place) {
    if (name == "seed" || name == "name") {
      report(place, name, "cannot vary", "replicates: N takes N seeds");
    } else if (!config::is_key_or_group(name)) {
      report(place, name, "unknown key", config::did_you_mean(name));
    } else {
      return true;
    }
    return false;
  }

  // Settings of a map whose keys are dotted, nested or both.
  void flatten(const Node& node, const std::string& above, std::vector<Setting>& settings) {
    for (const Entry& entry : node.entries) {
      const std::string name = above.empty() ? entry.key : above + "." + entry.key;
      const bool deeper = config::find_key(name) == nullptr &&
                          entry.value.kind == Node::Kind::Map &&
                          !(config::is_part_group(name) && entry.value.find("base") != nullptr);
      if (deeper && (config::is_key_or_group(name) || above.empty())) {
        flatten(entry.value, name, settings);
      } else if (may_vary(name, entry.place)) {
        settings.push_back({name, value_text(name, entry.value)});
      }
    }
    if (node.kind != Node::Kind::Map) {
      report(node.place, above, "is not a group of keys", "write KEY: VALUE");
    }
  }

  void read_grid(const Node& node, const std::string& above) {
    if (node.kind != Node::Kind::Map) {
      report(node.place, "grid", "is not a group of keys", "write KEY: [A, B, ...]");
    }
    for (const Entry& entry : node.entries) {
      const std::string name = above.empty() ? entry.key : above + "." + entry.key;
      if (entry.value.kind == Node::Kind::Map) {
        read_grid(entry.value, name);
      } else if (may_vary(name, entry.place)) {
        SweepAxis axis{name, {}};
        for (const Node& item : list(entry.value, name.c_str())) {
          axis.values.push_back(value_text(name, item));
        }
        sweep_.grid.push_back(std::move(axis));
      }
    }
  }

  void read_cases(const Node& node) {
    std::set<std::string> names;
    for (const Node& item : list(node, "cases")) {
      SweepCase one = read_case(item);
      if (!one.name.empty() && !names.insert(one.name).second) {
        report(item.place, "cases", fmt::format("two cases are named '{}'", one.name), "");
      }
      sweep_.cases.push_back(std::move(one));
    }
  }

  SweepCase read_case(const Node& node) {
    SweepCase one;
    Node keys = node;
    if (const Node* name = node.find("name")) {
      one.name = text(*name, "name");
      std::erase_if(keys.entries, [](const Entry& entry) { return entry.key == "name"; });
    }
    flatten(keys, "", one.settings);
    return one;
  }

  void read_search(const Node& node) {
    SweepSearch search;
    for (const Entry& entry : node.entries) {
      if (entry.key == "key") {
        search.key = text(entry.value, "search.key");
        may_vary(search.key, entry.value.place);
      } else if (entry.key == "low") {
        search.low = number(entry.value, "search.low", 1e-9, 1e18);
      } else if (entry.key == "high") {
        search.high = number(entry.value, "search.high", 1e-9, 1e18);
      } else if (entry.key == "precision") {
        search.precision = number(entry.value, "search.precision", 1e-4, 1.0);
      } else if (entry.key == "report_at") {
        search.report_at = number(entry.value, "search.report_at", 1e-9, 1e18);
      } else {
        report(entry.place, "search." + entry.key, "a search has no such entry",
               "choose from key, low, high, precision, report_at");
      }
    }
    if (search.key.empty() || search.low <= 0.0 || search.high <= search.low) {
      report(node.place, "search", "needs key, low and a greater high",
             "for example {key: workload.rate_scale, low: 0.2, high: 3}");
    }
    sweep_.search = search;
  }

  void read_baseline(const Node& node) {
    if (node.kind == Node::Kind::Scalar) {
      sweep_.baseline.name = node.text;
    } else {
      flatten(node, "", sweep_.baseline.settings);
    }
  }

  void read_claims(const Node& node) {
    for (const Node& item : list(node, "claims")) {
      SweepClaim claim;
      for (const auto& [key, member] : {std::pair{"claim", &claim.claim},
                                        {"says", &claim.says},
                                        {"case", &claim.name},
                                        {"metric", &claim.metric}}) {
        const Node* value = item.find(key);
        *member = value == nullptr ? "" : text(*value, key);
        if (member->empty()) {
          report(item.place, "claims", fmt::format("a claim lacks '{}'", key),
                 "write {claim: ..., says: ..., case: NAME, metric: PATH}");
        }
      }
      for (const Entry& entry : item.entries) {
        constexpr std::string_view kKnown[] = {"claim", "says", "case", "metric", "over"};
        if (std::ranges::find(kKnown, entry.key) == std::end(kKnown)) {
          report(entry.place, "claims." + entry.key, "a claim has no such entry",
                 "choose from claim, says, case, metric, over");
        }
      }
      if (const Node* over = item.find("over")) {
        claim.over = text(*over, "over");
      }
      sweep_.claims.push_back(std::move(claim));
    }
  }

  // As an override says it; a path is taken from the sweep's folder, an override's from the
  // scenario's.
  std::string value_text(const std::string& name, const Node& node) {
    const config::Key* key = config::find_key(name);
    const bool path = node.kind == Node::Kind::Scalar &&
                      ((key != nullptr && key->is_path) || config::is_part_group(name));
    const std::string here = config::resolved_path(node.text, node.place.folder);
    if (!path || !config::is_file(here) || std::filesystem::path(node.text).is_absolute()) {
      return config::flow_text(node);
    }
    Node moved = node;
    moved.text = config::relative_path(config::canonical_path(here),
                                       config::canonical_path(config::folder_of(sweep_.scenario)));
    return config::flow_text(moved);
  }

  SweepFile& sweep_;
  std::vector<base::Problem>& problems_;
};

}  // namespace

SweepFile load_sweep(const std::string& path) {
  SweepFile sweep;
  sweep.file = path;
  sweep.name = std::filesystem::path(config::opened_path(path)).stem().generic_string();
  std::vector<base::Problem> problems;
  const Node root = config::read_yaml_file(config::opened_path(path),
                                           {path, config::folder_of(path), 1, 1}, problems);
  if (problems.empty()) {
    SweepReader(sweep, problems).read(root);
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  return sweep;
}

}  // namespace epfleet::experiment
