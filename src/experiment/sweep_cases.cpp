// The cases that a sweep file comes to (declared in sweep_file.h).
#include <fmt/format.h>

#include "epfleet/base/error.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/experiment/sweep_file.h"

namespace epfleet::experiment {
namespace {

constexpr std::size_t kMostRuns = 1'000'000;

void add_guesses(const SweepFile& sweep, std::vector<SweepCase>& cases) {
  std::vector<config::Override> overrides;
  for (const Setting& setting : sweep.set) {
    overrides.push_back(setting.override_text());
  }
  const config::Scenario central = config::load_scenario(sweep.scenario, overrides);
  cases.push_back({"central", {}});
  for (const config::Guess& guess : config::guesses(central)) {
    for (const auto& [end, value] : {std::pair{"low", guess.low}, {"high", guess.high}}) {
      const config::Scenario moved = config::load_scenario(
          sweep.scenario, std::vector{fmt::format("{}={}", guess.key, value)});
      if (config::value_of(moved, guess.key) != guess.central) {
        cases.push_back({fmt::format("{} {}", guess.key, end), {{guess.key, value}}});
      }
    }
  }
}

}  // namespace

std::vector<SweepCase> cases_of(const SweepFile& sweep) {
  std::vector<SweepCase> cases = sweep.cases;
  if (sweep.guesses) {
    add_guesses(sweep, cases);
  }
  if (cases.empty()) {
    cases.emplace_back();
  }
  for (const SweepAxis& axis : sweep.grid) {
    if (cases.size() * axis.values.size() * static_cast<std::size_t>(sweep.replicates) >
        kMostRuns) {
      throw base::InputError(
          {.file = sweep.file,
           .key = "grid",
           .what = fmt::format("more than {} runs", kMostRuns),
           .remedy = "a grid multiplies: vary fewer keys, or take fewer values"});
    }
    std::vector<SweepCase> finer;
    for (const SweepCase& one : cases) {
      for (const std::string& value : axis.values) {
        finer.push_back(one);
        finer.back().settings.push_back({axis.key, value});
      }
    }
    cases = std::move(finer);
  }
  return cases;
}

}  // namespace epfleet::experiment
