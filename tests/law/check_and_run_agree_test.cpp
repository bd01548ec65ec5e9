// What `check` passes, `run` does not refuse, and the other way round; no scenario that the key
// table allows breaks an invariant. Every key is drawn from its range, alone and with others, so a
// new key is in this as soon as it has a row. EPFLEET_DRAWS=10000 draws more than the build does.
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/config/document.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/report/result_files.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/report/terminal_summary.h"
#include "support/places.h"
#include "support/temporary_file.h"
#include "support/trials.h"

namespace epfleet {
namespace {

const std::string kSource = test::source_dir();

std::size_t below(base::Stream& draws, std::size_t end) {
  return static_cast<std::size_t>(draws.uniform() * static_cast<double>(end));
}

bool reads(const config::Key& key, const std::string& text) {
  config::Scenario scratch = config::default_scenario();
  config::Node node;
  node.kind = config::Node::Kind::Scalar;
  node.text = text;
  return !key.read(scratch, node);
}

// An end of the key's range, or what lies between; whole where the key is.
std::optional<std::string> draw_number(const config::Key& key, base::Stream& draws) {
  const bool bounded = std::isfinite(key.range.high);
  const double low = std::isfinite(key.range.low) ? key.range.low : -1e18;
  const double high = bounded ? key.range.high : 1e18;
  const double least = std::max(low, 1e-9);
  const double between = least * std::pow(high / least, draws.uniform());
  for (double value :
       {low, high, between, between, between, low + draws.uniform() * (high - low)}) {
    if (draws.uniform() < 0.3) {
      for (const double rounded : {value, std::floor(value), std::ceil(value), value + 1.0}) {
        const std::string text = config::print_real(key.dimension, rounded);
        if (reads(key, text)) {
          return text;
        }
      }
    }
  }
  return std::nullopt;
}

std::string draw_schedule(base::Stream& draws) {
  std::string steps;
  for (std::size_t i = below(draws, 4); i > 0; --i) {
    steps += fmt::format("{}{{at: {}, groups: {}}}", steps.empty() ? "" : ", ",
                         draws.uniform() < 0.5 ? fmt::format("{} s", below(draws, 5))
                                               : fmt::format("\"{:02}:00\"", below(draws, 24)),
                         below(draws, 4));
  }
  return "[" + steps + "]";
}

std::string draw_value(const config::Key& key, base::Stream& draws) {
  if (!key.choices.empty()) {
    return key.choices[below(draws, key.choices.size())].name;
  }
  if (!key.absent.empty() && draws.uniform() < 0.2) {
    return key.absent;
  }
  if (key.is_path) {
    constexpr const char* kFiles[] = {"tests/support/small_fleet.csv", "configs/hourly.csv",
                                      "traces/example_chats.jsonl.zst", "README.md", "no_such.csv"};
    return kSource + "/" + kFiles[below(draws, std::size(kFiles))];
  }
  if (key.json == config::JsonType::List) {
    return draw_schedule(draws);
  }
  return draw_number(key, draws).value_or(key.print(config::default_scenario()));
}

using Settings = std::vector<std::string>;

// Small services of every kind of traffic: a second of each takes no time.
const std::vector<Settings>& services() {
  static const test::TemporaryFile kBlocks(
      "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 9, \"hash_ids\": [1, 2]}\n"
      "{\"timestamp\": 300, \"input_length\": 1100, \"output_length\": 9, \"hash_ids\": [1, 2, "
      "3]}\n");
  static const std::vector<Settings> kServices = {
      {},
      {"workload.source=token_rate", "kv_cache.model=statistical",
       "workload.path=" + kSource + "/tests/support/small_fleet.csv"},
      {"workload.source=requests", "workload.path=" + kSource + "/traces/example_chats.jsonl.zst"},
      {"workload.source=requests", "workload.path=" + kBlocks.path()},
      {"experts.skew=lognormal", "experts.balancer=weighted", "model.layers=8"},
      {"decode.gpus=8", "prefill.gpus=8", "decode.expert_precision=fp8"},
  };
  return kServices;
}

// Empty: it went through.
template <class Act>
std::string refusal_of(Act act) {
  try {
    act();
    return "";
  } catch (const base::InputError& error) {
    return error.what();
  }
}

void run_and_report(const config::Scenario& scenario) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / fmt::format("agree_{}", ::getpid());
  report::ResultFolder result(folder);
  std::atomic<bool> stop = false;
  int samples = 0;
  experiment::RunOptions options;
  options.stop = &stop;
  options.progress = [&](const observe::FleetSample& /*sample*/) { stop = ++samples > 3; };
  options.until = std::chrono::seconds(1);
  options.folder = &result;
  const report::RunReport report = experiment::run_scenario(scenario, options);
  report::write_result(result, report);
  (void)report::terminal_summary(report, {});
}

void expect_agreement(const Settings& settings) {
  const std::string shown = fmt::format("--set '{}'", fmt::join(settings, "' --set '"));
  if (std::getenv("EPFLEET_DRAWS") != nullptr) {
    fmt::print(stderr, "{}\n", shown);
  }
  try {
    config::Scenario scenario;  // both commands begin with loading it
    if (!refusal_of([&] {
           scenario = config::load_scenario(kSource + "/tests/support/small_fleet.yaml", settings);
         }).empty()) {
      return;
    }
    const std::string by_check = refusal_of([&] { (void)experiment::check_scenario(scenario); });
    const std::string by_run = refusal_of([&] { run_and_report(scenario); });
    // Of several problems found on two threads either may be told.
    EXPECT_EQ(by_check.empty(), by_run.empty()) << shown << "\n" << by_check << by_run;
  } catch (const std::exception& error) {
    ADD_FAILURE() << shown << "\n" << error.what();
  }
}

// A phase's own hardware has the keys of the shared one.
std::vector<const config::Key*> drawn_keys() {
  std::vector<const config::Key*> keys;
  for (const config::Key& key : config::key_table()) {
    if (key.overrides.empty()) {
      keys.push_back(&key);
    }
  }
  return keys;
}

// Parts run side by side: each takes every kParts-th draw. Under sanitizers some parts run.
constexpr std::size_t kParts = 8;

class CheckAndRun : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CheckAndRun, AgreeOnEveryKey) {
  const char* wanted = std::getenv("EPFLEET_DRAWS");
  const std::span<const config::Key> keys = config::key_table();
  const std::vector<const config::Key*> first_keys = drawn_keys();
  const std::size_t count =
      wanted == nullptr ? first_keys.size() : std::strtoul(wanted, nullptr, 10);
  const char* from = std::getenv("EPFLEET_DRAWS_FROM");
  const std::size_t first = from == nullptr ? 0 : std::strtoul(from, nullptr, 10);
  for (std::size_t i = first + GetParam(); i < first + count; i += kParts) {
    base::Stream draws(base::StreamFamily(11, "check_and_run"), i);
    Settings settings = services()[below(draws, services().size())];
    settings.push_back("workload.warm_up=0 s");
    const config::Key* key = first_keys[i % first_keys.size()];
    for (std::size_t more = 1 + below(draws, 3); more > 0; --more) {
      settings.push_back(key->name + "=" + draw_value(*key, draws));
      key = &keys[below(draws, keys.size())];
    }
    expect_agreement(settings);
  }
}

INSTANTIATE_TEST_SUITE_P(Part, CheckAndRun, ::testing::Range(std::size_t{0}, test::trials(kParts)));

}  // namespace
}  // namespace epfleet
