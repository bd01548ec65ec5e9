// `epfleet experts`: where the copies of experts go for given loads and how even that is; or how
// even the experts of a scenario's units are.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <vector>

#include "commands.h"
#include "epfleet/config/loader.h"
#include "epfleet/experiment/expert_balance.h"
#include "epfleet/experts/expert_loads_csv.h"
#include "epfleet/experts/expert_placement.h"

namespace epfleet::cli {
namespace {

// Either the loads with the sizes, or a scenario.
struct ExpertsRequest {
  std::string loads;  // CSV file
  std::int64_t replicas = 0, groups = 0, nodes = 0, gpus = 0;
  std::string scenario;  // YAML file
  std::vector<std::string> overrides;
  std::string rule;  // empty: eplb, or the scenario's
  bool json = false;
};

constexpr std::string_view kDefaultRule = "eplb";

// The names with what they mean, where there is no such rule.
const experts::ExpertRule& rule_of(std::string_view name) {
  std::string rules;
  for (const auto& row : experts::expert_rules().rows()) {
    if (row.name == name) {
      return row.make;
    }
    rules += fmt::format("\n  {:<10} {}{}", row.name, row.sentence,
                         row.name == kDefaultRule ? " (default)" : "");
  }
  throw wrong_option("--rule", fmt::format("there is no rule '{}'", name), "the rules are" + rules);
}

experts::ExpertSlots slots_of(const ExpertsRequest& request, const experts::ExpertLoads& loads) {
  const experts::ExpertSlots slots{static_cast<std::int64_t>(loads.front().size()),
                                   request.replicas, request.groups, request.nodes, request.gpus};
  constexpr std::int64_t kMostSlots = 16'384;  // of a layer, as in prefill.redundant_experts
  if (slots.slots > kMostSlots) {
    throw wrong_option("--replicas", fmt::format("{} slots are more than are placed", slots.slots),
                       fmt::format("choose at most {}", kMostSlots));
  }
  std::vector<base::Problem> problems;
  for (const std::string_view what : experts::problems_of(slots)) {
    problems.push_back(
        {.what = std::string(what), .remedy = fmt::format("there are {} experts", slots.experts)});
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  return slots;
}

struct Placed {
  std::vector<experts::LayerPlacement> layers;
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

// Only where copies do not share evenly.
std::string share_rows(const Placed& placed) {
  std::vector<std::vector<double>> shares;
  for (const experts::LayerPlacement& layer : placed.layers) {
    shares.push_back(layer.share);
  }
  return shares.front().empty() ? "" : fmt::format("  \"share\": {},\n", json_rows(shares));
}

void print_json(const Placed& placed) {
  std::vector<std::vector<std::int32_t>> physical, counts;
  std::vector<double> balancedness;
  for (std::size_t i = 0; i < placed.layers.size(); ++i) {
    physical.push_back(placed.layers[i].physical_to_logical);
    counts.push_back(placed.layers[i].logical_count);
    balancedness.push_back(experts::balancedness(placed.gpu_loads[i]));
  }
  fmt::print(
      "{{\n  \"physical_to_logical\": {},\n  \"logical_count\": {},\n{}  \"gpu_load\": {},\n"
      "  \"balancedness\": [{}]\n}}\n",
      json_rows(physical), json_rows(counts), share_rows(placed), json_rows(placed.gpu_loads),
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
    const double even = experts::balancedness(loads);
    sum += even;
    fmt::print("{:>5}  {:>21}  {:>13.5g}  {:>16.5g}  {:>10.4f}\n", i,
               *std::max_element(counts.begin(), counts.end()), mean,
               *std::max_element(loads.begin(), loads.end()), even);
  }
  fmt::print("mean over {} layers: mean / max {:.4f}\n", placed.layers.size(),
             sum / static_cast<double>(placed.layers.size()));
}

void place_loads(const ExpertsRequest& request) {
  const experts::ExpertRule& rule =
      rule_of(request.rule.empty() ? kDefaultRule : std::string_view(request.rule));
  const experts::ExpertLoads loads = experts::read_expert_loads(request.loads);
  const experts::ExpertSlots slots = slots_of(request, loads);
  Placed placed;
  for (const std::vector<double>& load : loads) {
    placed.layers.push_back(experts::place_experts(load, slots, rule));
    placed.gpu_loads.push_back(experts::gpu_loads(placed.layers.back(), load, slots.gpus));
  }
  if (request.json) {
    print_json(placed);
  } else {
    print_table(placed);
  }
}

constexpr std::array<std::size_t, 7> kShownKnots = {0, 3, 6, 9, 12, 15, 18};

void print_json(const std::vector<experiment::ExpertBalance>& phases) {
  std::string text;
  for (const experiment::ExpertBalance& phase : phases) {
    text += fmt::format(
        "{}  \"{}\": {{\n    \"max_over_mean\": [{}],\n    \"limit\": {},\n"
        "    \"rebalance\": {{\"experts\": {}, \"bytes\": {}, \"seconds\": {}}}\n  }}",
        text.empty() ? "" : ",\n", phase.phase, fmt::join(phase.max_over_mean, ", "), phase.limit,
        phase.rebalance.experts, phase.rebalance.bytes.count(),
        base::to_seconds(phase.rebalance.time));
  }
  fmt::print("{{\n{}\n}}\n", text);
}

void print_page(const config::Scenario& scenario,
                const std::vector<experiment::ExpertBalance>& phases) {
  fmt::print("largest GPU load / mean, rule {}, skew {}\n\n{:<26}", scenario.experts.balancer,
             scenario.experts.skew, "tokens of a micro-batch");
  for (const std::size_t knot : kShownKnots) {
    fmt::print(" {:>8}", std::size_t{1} << knot);
  }
  fmt::print(" {:>8}\n", "limit");
  for (const experiment::ExpertBalance& phase : phases) {
    fmt::print("{:<26}", fmt::format("{}, {} GPUs, {} slots", phase.phase, phase.load.gpus,
                                     phase.load.experts + phase.load.redundant));
    for (const std::size_t knot : kShownKnots) {
      fmt::print(" {:>8.3f}", phase.max_over_mean.empty() ? 1.0 : phase.max_over_mean[knot]);
    }
    fmt::print(" {:>8.3f}\n", phase.limit);
  }
  fmt::print("\n");
  for (const experiment::ExpertBalance& phase : phases) {
    fmt::print(
        "a rebalance moves {} experts, {:.1f} GB, to the {} GPU that fetches most: {:.3f} s\n",
        phase.rebalance.experts, static_cast<double>(phase.rebalance.bytes.count()) * 1e-9,
        phase.phase, base::to_seconds(phase.rebalance.time));
  }
}

void show_expert_balance(const ExpertsRequest& request) {
  std::vector<std::string> overrides = request.overrides;
  if (!request.rule.empty()) {
    (void)rule_of(request.rule);  // a wrong name is the option's fault
    overrides.push_back("experts.balancer=" + request.rule);
  }
  const config::Scenario scenario = config::load_scenario(request.scenario, overrides);
  const auto phases = experiment::expert_balance(scenario);
  if (request.json) {
    print_json(phases);
  } else {
    print_page(scenario, phases);
  }
}

}  // namespace

void add_experts(Command app, Chosen& chosen) {
  auto request = std::make_shared<ExpertsRequest>();
  const Command command = app.add_subcommand(
      "experts", "Copy and place experts for given loads, or tell how even a scenario's are");
  const Option scenario =
      command.add_option("--scenario", request->scenario,
                         "Scenario file (YAML): imbalance of its units by tokens, "
                         "and what a rebalance moves");
  add_overrides(command, request->overrides).needs(scenario);
  const Option loads = command.add_option("--loads", request->loads,
                                          "CSV: a row a layer, a column a logical expert");
  loads.excludes(scenario);
  const auto size = [&](const char* name, std::int64_t& value, const char* help) {
    const Option option = command.add_option(name, value, help).excludes(scenario);
    loads.needs(option);
  };
  size("--replicas", request->replicas, "Slots for experts and their copies");
  size("--groups", request->groups, "Groups of consecutive experts");
  size("--nodes", request->nodes, "Nodes");
  size("--gpus", request->gpus, "GPUs, of all nodes");
  command.add_option("--rule", request->rule,
                     "Rule (default: eplb, or the scenario's); help lists them");
  command.add_flag("--json", request->json, "Print JSON");
  command.needs_one_of({loads, scenario}, "--loads or --scenario");
  when_chosen(command, chosen, request, [](const ExpertsRequest& given) {
    if (given.scenario.empty()) {
      place_loads(given);
    } else {
      show_expert_balance(given);
    }
  });
}

}  // namespace epfleet::cli
