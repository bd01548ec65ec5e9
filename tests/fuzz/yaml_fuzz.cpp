// YAML text to a tree, and the tree as text: read again, it is the same tree.
#include "epfleet/config/document.h"
#include "epfleet/config/yaml_reader.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function
using config::Node;

EPFLEET_FUZZ(yaml) {
  std::vector<base::Problem> problems;
  const Node tree = config::read_yaml(std::string(bytes), {"input", "", 1, 1}, problems);
  if (!problems.empty()) {
    return fuzz::check_problems(base::InputError(problems), bytes);
  }
  const std::string flow = config::flow_text(tree);
  const Node again = config::read_yaml(flow, {"--set", "", 0, 0}, problems);
  fuzz::must(problems.empty() && config::flow_text(again) == flow,
             "a tree as text is another one: " + flow);
}
