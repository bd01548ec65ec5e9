#include "experts_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <numeric>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/policy/expert_placement.h"

namespace epfleet::cli {
namespace {

using Loads = std::vector<std::vector<double>>;

base::Problem problem(const std::string& file, int line, int column, std::string what,
                      std::string remedy) {
  return {file, line, column, "", std::move(what), std::move(remedy)};
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  const auto last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// A number >= 0, or nothing.
bool read_number(const std::string& text, double& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size() &&
         std::isfinite(value) && value >= 0.0;
}

// A row of loads; none for a first line of words. Problems are added.
std::vector<double> read_row(const std::string& line, const std::string& file, int number,
                             bool may_be_header, std::vector<base::Problem>& problems) {
  std::vector<double> row;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    const std::string field = trimmed(line.substr(at, comma - at));
    double value = 0.0;
    if (!read_number(field, value)) {
      const bool word = !field.empty() && std::isalpha(static_cast<unsigned char>(field[0])) != 0;
      if (may_be_header && word && field != "nan" && field != "inf") {
        return {};
      }
      problems.push_back(problem(file, number, static_cast<int>(at) + 1,
                                 fmt::format("'{}' is not a load", field),
                                 "write numbers >= 0, one an expert"));
    }
    row.push_back(value);
    at = comma + 1;
  }
  return row;
}

Loads read_loads(const std::string& path) {
  std::ifstream file(path);
  std::vector<base::Problem> problems;
  if (!file) {
    throw base::InputError(problem(path, 0, 0, "cannot be read", "check the path"));
  }
  Loads loads;
  std::string line;
  bool first = true;
  for (int number = 1; std::getline(file, line); ++number) {
    if (trimmed(line).empty() || line[0] == '#') {
      continue;
    }
    std::vector<double> row = read_row(line, path, number, first, problems);
    first = false;
    if (row.empty()) {
      continue;
    }
    if (!loads.empty() && row.size() != loads.front().size()) {
      problems.push_back(problem(
          path, number, 0, fmt::format("has {} loads, not {}", row.size(), loads.front().size()),
          "every layer has the same experts"));
    }
    loads.push_back(std::move(row));
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  if (loads.empty()) {
    throw base::InputError(problem(path, 0, 0, "has no layers", "write a row a layer"));
  }
  return loads;
}

policy::ExpertRule rule_of(const std::string& name) {
  if (const auto rule = policy::expert_rule(name)) {
    return *rule;
  }
  std::string rules;
  for (const policy::ExpertRuleRow& row : policy::expert_rules()) {
    rules += fmt::format("\n  {:<10} {}{}", row.name, row.description,
                         row.name == "eplb" ? " (default)" : "");
  }
  base::Problem wrong;
  wrong.key = "--rule";
  wrong.what = fmt::format("there is no rule '{}'", name);
  wrong.remedy = "the rules are" + rules;
  throw base::InputError(std::move(wrong));
}

policy::ExpertSlots slots_of(const ExpertsRequest& request, const Loads& loads) {
  const policy::ExpertSlots slots{static_cast<std::int64_t>(loads.front().size()), request.replicas,
                                  request.groups, request.nodes, request.gpus};
  std::vector<base::Problem> problems;
  for (const std::string_view what : policy::problems_of(slots)) {
    problems.push_back(
        problem("", 0, 0, std::string(what), fmt::format("there are {} experts", slots.experts)));
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  return slots;
}

struct Placed {
  std::vector<policy::LayerPlacement> layers;
  std::vector<std::vector<double>> gpu_loads;
};

template <class Rows>
std::string json_rows(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("{}    [{}]", text.empty() ? "" : ",\n", fmt::join(row, ", "));
  }
  return "[\n" + text + "\n  ]";
}

void print_json(const Placed& placed) {
  std::vector<std::vector<std::int32_t>> physical, counts;
  std::vector<double> balancedness;
  for (std::size_t i = 0; i < placed.layers.size(); ++i) {
    physical.push_back(placed.layers[i].physical_to_logical);
    counts.push_back(placed.layers[i].logical_count);
    balancedness.push_back(policy::balancedness(placed.gpu_loads[i]));
  }
  fmt::print(
      "{{\n  \"physical_to_logical\": {},\n  \"logical_count\": {},\n  \"gpu_load\": {},\n"
      "  \"balancedness\": [{}]\n}}\n",
      json_rows(physical), json_rows(counts), json_rows(placed.gpu_loads),
      fmt::join(balancedness, ", "));
}

void print_table(const Placed& placed) {
  fmt::print("layer  copies of the hottest  mean GPU load  largest GPU load  mean / max\n");
  double sum = 0.0;
  for (std::size_t i = 0; i < placed.layers.size(); ++i) {
    const std::vector<double>& loads = placed.gpu_loads[i];
    const auto& counts = placed.layers[i].logical_count;
    const double mean =
        std::accumulate(loads.begin(), loads.end(), 0.0) / static_cast<double>(loads.size());
    const double even = policy::balancedness(loads);
    sum += even;
    fmt::print("{:>5}  {:>21}  {:>13.5g}  {:>16.5g}  {:>10.4f}\n", i,
               *std::max_element(counts.begin(), counts.end()), mean,
               *std::max_element(loads.begin(), loads.end()), even);
  }
  fmt::print("mean over {} layers: mean / max {:.4f}\n", placed.layers.size(),
             sum / static_cast<double>(placed.layers.size()));
}

}  // namespace

void experts_command(const ExpertsRequest& request) {
  const policy::ExpertRule rule = rule_of(request.rule);
  const Loads loads = read_loads(request.loads);
  const policy::ExpertSlots slots = slots_of(request, loads);
  Placed placed;
  for (const std::vector<double>& load : loads) {
    placed.layers.push_back(policy::place_experts(load, slots, rule));
    placed.gpu_loads.push_back(policy::gpu_loads(placed.layers.back(), load, slots.gpus));
  }
  if (request.json) {
    print_json(placed);
  } else {
    print_table(placed);
  }
}

}  // namespace epfleet::cli
