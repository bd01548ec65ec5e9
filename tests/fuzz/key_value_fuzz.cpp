// Lines KEY=VALUE, as --set takes them and as a scenario file has them: every value that is taken
// is printed as text that reads as the same value; then what must hold between keys.
#include "epfleet/config/check.h"
#include "epfleet/config/document.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/yaml_reader.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function
using config::Node;

namespace {

const config::Place kPlace{"--set", ".", 0, 0};

// YAML only where it is more than a word.
Node value_of(std::string_view text, std::vector<base::Problem>& problems) {
  if (text.find_first_of("[{\"'&*!|>#:\n") != text.npos || text.empty()) {
    return config::read_yaml(std::string(text), kPlace, problems);
  }
  Node node;
  node.kind = Node::Kind::Scalar;
  node.place = kPlace;
  node.text = text;
  return node;
}

void read(const config::Key& key, std::string_view text, config::Scenario& scenario) {
  std::vector<base::Problem> problems;
  const Node value = value_of(text, problems);
  if (!problems.empty()) {
    return;
  }
  if (const auto fault = key.read(scenario, value)) {
    return fuzz::must(!fault->what.empty(), "a fault that says nothing: " + key.name);
  }
  const std::string printed = key.print(scenario);
  if (key.is_path) {
    return;
  }
  const Node again = config::read_yaml(printed, kPlace, problems);
  const auto fault = key.read(scenario, again);
  fuzz::must(problems.empty() && !fault, key.name + " refuses what it printed: " + printed);
  fuzz::must(key.print(scenario) == printed, key.name + " prints another value: " + printed);
}

}  // namespace

EPFLEET_FUZZ(key_value) {
  config::Scenario scenario = config::default_scenario();
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    const std::size_t equals = std::min(line.find('='), line.size());
    if (const config::Key* key = config::find_key(line.substr(0, equals))) {
      read(*key, line.substr(std::min(equals + 1, line.size())), scenario);
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  for (const config::Contradiction& found : config::check(scenario)) {
    fuzz::must(!found.keys.empty() && !found.what.empty(), "a contradiction that says nothing");
  }
}
