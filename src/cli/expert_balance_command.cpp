// `epfleet experts --scenario`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>

#include "epfleet/config/loader.h"
#include "epfleet/experiment/expert_balance.h"
#include "experts_command.h"

namespace epfleet::cli {
namespace {

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

}  // namespace

void show_expert_balance(const ExpertsRequest& request) {
  std::vector<std::string> overrides = request.overrides;
  if (!request.rule.empty()) {
    (void)experts::expert_rules()[request.rule];  // a wrong name is told as the option's fault
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

}  // namespace epfleet::cli
