// Does a scenario come together from its files as written: what it extends, the parts it names,
// options?
#include "epfleet/config/loader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenario_files.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;

TEST(Loader, AnOptionOverridesTheFile) {
  const Scenario scenario = load_scenario(
      kConfigs + "/quick.yaml",
      std::vector<Override>{"decode.mtp.acceptance=60 %", "duration=90 s", "decode.gpus=128",
                            "decode.redundant_experts=auto", "report.interval=30 s"});
  EXPECT_EQ(scenario.decode.mtp.acceptance, 0.6);
  EXPECT_EQ(scenario.duration, 90s);
  EXPECT_EQ(scenario.decode.gpus, 128);
  EXPECT_EQ(scenario.decode.redundant_experts, std::nullopt);
  // 256 + r a multiple of 128, r >= 32: 128.
  EXPECT_EQ(decode_layout(scenario).redundant_experts, 128);
  EXPECT_TRUE(scenario.given.contains("decode.mtp.acceptance"));
  EXPECT_FALSE(scenario.given.contains("decode.runtime_memory"));
}

TEST(Loader, MapsAddUpOverSeveralLevelsAndListsAreReplaced) {
  const ScenarioFiles files;
  files.write("one.yaml",
              "extends: " + kConfigs + "/deepseek_day.yaml\ndecode: {host_time: 4 ms}\nseed: 1\n");
  files.write("two.yaml",
              "extends: one.yaml\ndecode: {runtime_memory: 7 GB}\nseed: 2\n"
              "fleet: {groups: 2}\nscaling: {schedule: [{at: 0 s, groups: 2}]}\n");
  const Scenario scenario =
      load_scenario(files.write("three.yaml", "extends: two.yaml\nduration: 1 h\n"));
  EXPECT_EQ(scenario.engine.host_time, 4ms);
  EXPECT_EQ(scenario.decode.runtime_memory.count(), 7'000'000'000);
  EXPECT_EQ(scenario.seed, 2U);
  EXPECT_EQ(scenario.duration, 1h);
  EXPECT_EQ(scenario.name, "three");  // its own, not that of what it rests on
  ASSERT_EQ(scenario.scaling.schedule.size(), 1U);
  EXPECT_EQ(scenario.scaling.schedule[0].groups, 2);
}

TEST(Loader, ANameIsTheFilesUnlessStated) {
  const ScenarioFiles files;
  const std::string day = load_scenario(kConfigs + "/deepseek_day.yaml").name;
  EXPECT_EQ(day, "deepseek_day");
  EXPECT_NE(files.error_of(files.write("mine.yaml", "")), "");
}

// "../../evil" wrote outside out/; names of 250 characters, NUL and broken UTF-8 passed the check.
TEST(Loader, ANameThatIsNoPlainFolderNameIsRefused) {
  const ScenarioFiles files;
  for (const std::string name :
       {"../../evil", "/tmp/evil", "..", ".hidden", "a/b", "\"a\\0b\"", "\"a\\nb\""}) {
    const std::string error = files.error_of(files.on_quick("name: " + name + "\n"));
    EXPECT_NE(error.find("name: "), std::string::npos) << name << ": " << error;
  }
  const std::string lengthy = "name: " + std::string(250, 'x') + "\n";
  EXPECT_NE(files.error_of(files.on_quick(lengthy)).find("longer than 100"), std::string::npos);
  EXPECT_EQ(load_scenario(files.on_quick("name: nacht-betrieb_2, größer\n")).name,
            "nacht-betrieb_2, größer");
}

TEST(Loader, APartIsFoundByNameOrPathAndCanBeAmended) {
  const ScenarioFiles files;
  files.write("parts/slow.yaml", "memory: 80 GB\nrdma_bandwidth: 20 GB/s\n");
  Scenario scenario = load_scenario(files.on_quick("hardware: {base: slow, memory: 141 GB}\n"));
  EXPECT_EQ(scenario.hardware.memory.count(), 141'000'000'000);
  EXPECT_EQ(scenario.hardware.rdma_bandwidth.count(), 20e9);
  EXPECT_EQ(scenario.hardware.sms, 132);  // fields that a profile leaves out
  EXPECT_EQ(scenario.decode_hardware.rdma_bandwidth.count(), 20e9);

  scenario = load_scenario(files.on_quick("hardware: ./parts/slow.yaml\n"));
  EXPECT_EQ(scenario.hardware.memory.count(), 80'000'000'000);
}

// `hardware: NAME` replaces what a file below said field by field; a map adds to it.
TEST(Loader, ABareNameReplacesAMapAmends) {
  const ScenarioFiles files;
  files.write("parts/slow.yaml", "rdma_bandwidth: 20 GB/s\n");
  files.write("below.yaml",
              "extends: " + kConfigs + "/quick.yaml\nhardware: {base: slow, memory: 141 GB}\n");
  Scenario scenario =
      load_scenario(files.write("amends.yaml", "extends: below.yaml\nhardware: {sms: 100}\n"));
  EXPECT_EQ(scenario.hardware.memory.count(), 141'000'000'000);
  EXPECT_EQ(scenario.hardware.sms, 100);
  scenario = load_scenario(files.write("replaces.yaml", "extends: below.yaml\nhardware: slow\n"));
  EXPECT_EQ(scenario.hardware.memory.count(), 84'943'110'144);
  EXPECT_EQ(scenario.hardware.rdma_bandwidth.count(), 20e9);
}

TEST(Loader, APhasesHardwareStartsFromTheSharedOneOrFromItsOwnPart) {
  const ScenarioFiles files;
  files.write("parts/slow.yaml", "rdma_bandwidth: 20 GB/s\n");
  const Scenario scenario = load_scenario(files.on_quick(
      "hardware: {sms: 120}\ndecode: {hardware: {memory: 141 GB}}\nprefill: {hardware: slow}\n"));
  EXPECT_EQ(scenario.decode_hardware.sms, 120);
  EXPECT_EQ(scenario.decode_hardware.memory.count(), 141'000'000'000);
  EXPECT_EQ(scenario.hardware.memory.count(), 84'943'110'144);
  EXPECT_EQ(scenario.prefill_hardware.sms, 132);
  EXPECT_EQ(scenario.prefill_hardware.rdma_bandwidth.count(), 20e9);
}

TEST(Loader, AProfileAlone) {
  EXPECT_EQ(load_hardware("h800", kConfigs).sms, 132);
  EXPECT_EQ(load_hardware(kConfigs + "/parts/h800.yaml").sms, 132);
  EXPECT_THROW((void)load_hardware("h801", kConfigs), base::InputError);
}

TEST(Loader, ABareBalancerSetsBoth) {
  const ScenarioFiles files;
  Scenario scenario = load_scenario(files.on_quick("decode: {balancer: round_robin}\n"));
  EXPECT_EQ(scenario.decode.balancer.unit, "round_robin");
  EXPECT_EQ(scenario.decode.balancer.gpu, "round_robin");
  // The file below says joint for both; only one is changed.
  scenario = load_scenario(files.on_quick("decode: {balancer: {gpu: least_kv}}\n"));
  EXPECT_EQ(scenario.decode.balancer.unit, "joint");
  EXPECT_EQ(scenario.decode.balancer.gpu, "least_kv");
}

TEST(Loader, PathsStartFromTheFileThatStatesThem) {
  const ScenarioFiles files;
  std::filesystem::create_directories(files.path("below"));
  files.write("below/shape.csv", "x\n");
  files.write("below/base.yaml",
              "extends: " + kConfigs + "/quick.yaml\nworkload: {hourly_shape: shape.csv}\n");
  const Scenario scenario = load_scenario(files.write("top.yaml", "extends: below/base.yaml\n"));
  EXPECT_EQ(scenario.workload.hourly_shape, files.path("below/shape.csv"));
  EXPECT_EQ(find_key("workload.hourly_shape")->print(scenario), "below/shape.csv");
}

// Daily steps are offsets from the start (12:00 on its own clock), sorted: 00:00 is 12 h after it.
TEST(Loader, AScheduleOfTimesOfDay) {
  const ScenarioFiles files;
  const Scenario scenario =
      load_scenario(files.on_quick("scaling: {policy: schedule, schedule: [{at: \"00:00\", groups: "
                                   "1}, {at: \"12:00\", groups: 3},\n"
                                   "  {at: \"11:59\", groups: 2}]}\n"));
  const auto& steps = scenario.scaling.schedule;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].at, 0h);
  EXPECT_EQ(steps[0].groups, 3);
  EXPECT_EQ(steps[1].at, 12h);
  EXPECT_EQ(steps[2].at, 23h + 59min);
  EXPECT_TRUE(steps[0].daily && steps[1].daily && steps[2].daily);
}

// The start may stand behind the schedule: it is read first.
TEST(Loader, TheOrderOfKeysDoesNotMatter) {
  const ScenarioFiles files;
  const Scenario scenario =
      load_scenario(files.on_quick("scaling: {policy: schedule, schedule: [{at: \"10:30\", groups: "
                                   "1}]}\nstart: 2025-02-27T10:00+08:00\n"));
  EXPECT_EQ(scenario.scaling.schedule[0].at, 30min);
}

TEST(Loader, Prices) {
  const Scenario scenario = load_scenario(kConfigs + "/deepseek_day.yaml");
  const auto r1 = static_cast<std::size_t>(workload::Variant::R1);
  const auto v3 = static_cast<std::size_t>(workload::Variant::V3);
  EXPECT_EQ(scenario.prices.book[r1].hit, 0.14);
  EXPECT_EQ(scenario.prices.book[v3].output, 1.10);
  EXPECT_EQ(scenario.prices.off_peak_book[r1].miss, 0.135);
  EXPECT_TRUE(scenario.prices.off_peak);
  EXPECT_EQ(scenario.prices.off_peak_from, 16h + 30min);
  EXPECT_EQ(scenario.prices.off_peak_to, 30min);
  const Scenario none =
      load_scenario(kConfigs + "/deepseek_day.yaml", std::vector<Override>{"prices.off_peak=none"});
  EXPECT_FALSE(none.prices.off_peak);
}

TEST(Loader, AnchorsMayBeUsed) {
  const ScenarioFiles files;
  const Scenario scenario = load_scenario(
      files.on_quick("slo:\n  ttft: &limit {limit: 3 s, quantile: 0.9}\n  tpot: *limit\n"));
  EXPECT_EQ(scenario.slo.tpot.limit, 3s);
  EXPECT_EQ(scenario.slo.tpot.quantile, 0.9);
}

TEST(Loader, EverythingWrongIsSaidAtOnce) {
  const ScenarioFiles files;
  const std::string error = files.error_of(
      files.on_quick("decode: {gpus: x}\nduration: 5\nfrob: 1\nreport: {interval: 7 s}\n"),
      {"seed=-1"});
  EXPECT_EQ(std::ranges::count(error, '\n'), 4) << error;
}

// A contradiction with a value that could not be read would only confuse: gpus is unknown here.
TEST(Loader, NoContradictionWithAnUnreadableValue) {
  const ScenarioFiles files;
  const std::string error =
      files.error_of(files.on_quick("decode: {gpus: x, redundant_experts: 31}\n"));
  EXPECT_EQ(std::ranges::count(error, '\n'), 0) << error;
}

}  // namespace
}  // namespace epfleet::config
