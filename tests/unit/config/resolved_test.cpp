// Is the resolved document the whole scenario, and a scenario file again? Are the shipped files
// what they say?
#include "epfleet/config/resolved.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "epfleet/base/random.h"
#include "scenario_files.h"
#include "support/places.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> shipped() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kConfigs)) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

// load(resolved(load(file))) = load(file), value by value. Paths start from the file's folder, so
// both stand beside a view of traces/.
TEST(Resolved, LoadsToTheSameScenario) {
  namespace fs = std::filesystem;
  const ScenarioFiles files;
  fs::copy(kConfigs, files.path("configs"), fs::copy_options::recursive);
  fs::create_directory_symlink(test::source_dir() + "/traces", files.path("traces"));
  ASSERT_GE(shipped().size(), 2U);
  for (const std::string& file : shipped()) {
    const Scenario first = load_scenario(file);
    const Scenario second =
        load_scenario(files.write("configs/resolved.yaml", resolved_document(first)));
    EXPECT_EQ(all_values(first), all_values(second)) << file;
    EXPECT_EQ(scenario_fingerprint(first), scenario_fingerprint(second));
  }
}

// The name "Null" was written without its quotes, and read as none. (Found by fuzzing.)
TEST(Resolved, ANameThatYamlTakesForNoneIsStillThatName) {
  const ScenarioFiles files;
  for (const std::string name : {"null", "Null", "NULL", "true", "True", "FALSE", "nULL"}) {
    const Scenario first = load_scenario(files.on_quick("name: \"" + name + "\"\n"));
    EXPECT_EQ(first.name, name);
    EXPECT_EQ(load_scenario(files.write("again.yaml", resolved_document(first))).name, name);
  }
}

TEST(Resolved, RoundTripOfWhatTheShippedFilesDoNotUse) {
  const ScenarioFiles files;
  files.write("trace.csv", "x\n");
  const Scenario first = load_scenario(files.on_quick(
      "name: \"a: \\\"b\\\" \\\\ # c\"\nseed: 18446744073709551615\n"
      "kv_cache: {model: statistical, hit_ratio: 12.34 %}\nworkload: {source: token_rate, path: "
      "trace.csv}\n"
      "decode: {hardware: {sms: 131, mla_decode_rate: 1234567.8 GFLOPS}, max_requests_per_gpu: "
      "96}\n"
      "slo: {ttft: {limit: none, quantile: none}}\nfleet: {pool_nodes: 90}\n"
      "scaling: {policy: schedule, schedule: [{at: 0 s, groups: 1}, {at: 90 s, groups: 3}]}\n"));
  const Scenario second = load_scenario(files.write("again.yaml", resolved_document(first)));
  EXPECT_EQ(all_values(first), all_values(second));
  EXPECT_EQ(second.name, "a: \"b\" \\ # c");
  EXPECT_EQ(second.decode_hardware.mla_decode_rate.count(), 1234567.8e9);
}

TEST(Resolved, MarksDefaultsAndOnlyThose) {
  const std::string text = resolved_document(load_scenario(kConfigs + "/quick.yaml"));
  EXPECT_NE(text.find("\nduration: 10 min\n"), std::string::npos);
  EXPECT_NE(text.find("\n  runtime_memory: 8 GB  # default\n"), std::string::npos);
  EXPECT_NE(text.find("\n  hourly_shape: flat\n"), std::string::npos);
  EXPECT_EQ(text.find(test::source_dir()), std::string::npos) << "a folder of this machine";
}

TEST(Resolved, AListIsABlock) {
  const std::string text = resolved_document(load_scenario(kConfigs + "/deepseek_day.yaml"));
  EXPECT_NE(
      text.find(
          "\n  schedule:\n    - {at: \"12:00\", groups: 9}\n    - {at: \"00:00\", groups: 7}\n"),
      std::string::npos);
}

TEST(Resolved, TheFingerprintIsOfWhatIsSimulated) {
  const std::string quick = kConfigs + "/quick.yaml";
  const auto of = [&](const std::string& option) {
    return scenario_fingerprint(load_scenario(quick, std::vector<Override>{option}));
  };
  const std::string same = scenario_fingerprint(load_scenario(quick));
  EXPECT_EQ(same.size(), 16U);
  EXPECT_EQ(of("seed=7"), same);
  EXPECT_EQ(of("name=other"), same);
  EXPECT_EQ(of("report.interval=5 s"), same);
  EXPECT_EQ(of("duration=600 s"), same);
  EXPECT_NE(of("duration=601 s"), same);
  EXPECT_NE(of("decode.hardware.sms=131"), same);
}

// The profile and the model that are shipped as files are the defaults of the code, field by field.
TEST(Shipped, PartsEqualTheDefaults) {
  const Scenario scenario = load_scenario(kConfigs + "/quick.yaml");
  for (const Key& key : key_table()) {
    if (key.name.starts_with("hardware.") || key.name.starts_with("model.")) {
      EXPECT_EQ(key.print(scenario), key.print(default_scenario())) << key.name;
      EXPECT_TRUE(scenario.given.contains(key.name)) << key.name << " is not in the part";
    }
  }
}

// Allotted nodes of the day: sum of (2 x 4 + groups x 30) x time / 24 h = 226.75, 278 at most; at 8
// GPUs and 2 USD per GPU hour 226.75 x 24 x 16 = 87,072 USD.
TEST(Shipped, TheDaysScheduleIsThePublishedOne) {
  const Scenario day = load_scenario(kConfigs + "/deepseek_day.yaml");
  const auto& steps = day.scaling.schedule;
  double node_hours = 0.0;
  std::int64_t peak = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::int64_t nodes =
        (day.fleet.base.prefill_units + steps[i].groups * day.fleet.group.prefill_units) *
            day.prefill.gpus / 8 +
        (day.fleet.base.decode_units + steps[i].groups * day.fleet.group.decode_units) *
            day.decode.gpus / 8;
    const base::Duration end = i + 1 < steps.size() ? steps[i + 1].at : base::Duration(24h);
    node_hours += static_cast<double>(nodes) * base::to_seconds(end - steps[i].at) / 3600.0;
    peak = std::max(peak, nodes);
  }
  EXPECT_EQ(peak, 278);
  EXPECT_DOUBLE_EQ(node_hours / 24.0, 226.75);
  EXPECT_DOUBLE_EQ(node_hours * 8.0 * day.prices.gpu_hour.count(), 87'072.0);
}

TEST(Shipped, TheDaysTotalsAreThePublishedOnes) {
  const Scenario day = load_scenario(kConfigs + "/deepseek_day.yaml");
  EXPECT_EQ(day.workload.totals.input, 608'000'000'000);
  EXPECT_EQ(day.workload.totals.output, 168'000'000'000);
  EXPECT_EQ(day.workload.totals.kv_per_output_token, 4989.0);
  EXPECT_EQ(day.workload.totals.hit_ratio, 0.563);
  EXPECT_EQ(day.start.minute_of_day(), 12 * 60);
  EXPECT_EQ(day.duration, 24h);
}

}  // namespace
// One more key made every band file stale.
TEST(Resolved, KeysAtTheirDefaultsAreNoPartOfTheFingerprint) {
  EXPECT_EQ(scenario_fingerprint(default_scenario()),
            fmt::format("{:016x}", base::mix64(base::stream_name_hash(""))));
}

}  // namespace epfleet::config