// What a sweep file comes to: its cases, and what they are called and made of (declared in
// sweep_file.h).
#include <fmt/format.h>

#include "epfleet/base/error.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/sweep_file.h"
#include "paths.h"

namespace epfleet::config {
namespace {

constexpr std::size_t kMostRuns = 1'000'000;

void add_guesses(const SweepFile& sweep, std::vector<SweepCase>& cases) {
  std::vector<Override> overrides;
  for (const Setting& setting : sweep.set) {
    overrides.push_back(setting.override_text());
  }
  const Scenario central = load_scenario(sweep.scenario, overrides);
  cases.push_back({"central", {}});
  for (const Guess& guess : guesses(central)) {
    for (const auto& [end, value] : {std::pair{"low", guess.low}, {"high", guess.high}}) {
      Scenario moved = load_scenario(sweep.scenario,
                                     std::vector<Override>{fmt::format("{}={}", guess.key, value)});
      if (value_of(moved, guess.key) != guess.central) {
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
      base::Problem problem;
      problem.file = sweep.file;
      problem.key = "grid";
      problem.what = fmt::format("more than {} runs", kMostRuns);
      problem.remedy = "a grid multiplies: vary fewer keys, or take fewer values";
      throw base::InputError(std::move(problem));
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

std::vector<std::string> files_of(const Scenario& scenario) {
  std::vector<std::string> files;
  for (const Key& key : key_table()) {
    if (!key.is_path) {
      continue;
    }
    std::string text = key.print(scenario);
    std::erase(text, '"');
    const std::string path = resolved_path(text, folder_of(scenario.file));
    if (is_file(path)) {
      files.push_back(path);
    }
  }
  return files;
}

std::optional<std::string> value_of(const Scenario& scenario, const std::string& key) {
  const Key* found = find_key(key);
  return found == nullptr ? std::nullopt : std::optional(found->print(scenario));
}

bool is_key_or_group(const std::string& name) {
  return find_key(name) != nullptr || is_key_group(name);
}

void require_key(const std::string& name, const std::string& file) {
  if (!is_key_or_group(name)) {
    const std::string nearest = nearest_key(name);
    base::Problem problem;
    problem.file = file;
    problem.key = name;
    problem.what = "unknown key";
    problem.remedy =
        nearest.empty() ? "see epfleet explain" : fmt::format("did you mean '{}'?", nearest);
    throw base::InputError(std::move(problem));
  }
}

}  // namespace epfleet::config
