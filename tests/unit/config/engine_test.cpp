// `engine`: a name or a map, the old name of its host time, and stated imbalances of experts.
#include <gtest/gtest.h>

#include <chrono>

#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/resolved.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;

TEST(EngineKeys, ANameOrAMapOnTopOfIt) {
  const ScenarioFiles files;
  const Scenario named = load_scenario(files.on_quick("engine: rtp-llm-2025-05\n"));
  EXPECT_EQ(named.engine.kernel_overhead, 4'900ns);
  EXPECT_EQ(named.engine.host_time, 3'500us);
  const Scenario map = load_scenario(files.on_quick(
      "engine: {base: rtp-llm-2025-05, host_time: 2 ms, graph_batches: [32, 64]}\n"));
  EXPECT_EQ(map.engine.kernel_overhead, 4'900ns);
  EXPECT_EQ(map.engine.host_time, 2ms);
  EXPECT_EQ(map.engine.graph_batches, (std::vector<std::int64_t>{32, 64}));
  EXPECT_EQ(load_scenario(kConfigs + "/quick.yaml").engine.host_time, 5ms);
}

// It is one value under two names: the later layer wins, and the old name on top of a part.
TEST(EngineKeys, TheOldNameOfTheHostTimeIsStillRead) {
  const ScenarioFiles files;
  const std::string old = files.on_quick("decode: {host_time: 4 ms}\n");
  EXPECT_EQ(load_scenario(old).engine.host_time, 4ms);
  EXPECT_EQ(load_scenario(old, {{"engine=sglang-2025-05"}}).engine.host_time, 1ms);
  EXPECT_EQ(load_scenario(old, {{"engine.host_time=3 ms"}}).engine.host_time, 3ms);
  const std::string engine = files.on_quick("engine: sglang-2025-05\n");
  EXPECT_EQ(load_scenario(engine, {{"decode.host_time=7 ms"}}).engine.host_time, 7ms);
  const Scenario both =
      load_scenario(files.on_quick("engine: sglang-2025-05\ndecode: {host_time: 6 ms}\n"));
  EXPECT_EQ(both.engine.host_time, 6ms);
  EXPECT_EQ(both.engine.kernel_overhead, 4'900ns);
  const std::string resolved = resolved_document(both);
  EXPECT_NE(resolved.find("host_time: 6 ms\n"), std::string::npos);
  EXPECT_EQ(resolved.find("host_time"), resolved.rfind("host_time"));  // once
  EXPECT_EQ(load_scenario(files.write("again.yaml", resolved)).engine.host_time, 6ms);
}

TEST(EngineKeys, AWrongNameListsTheEngines) {
  const ScenarioFiles files;
  const std::string error = files.error_of(files.on_quick("engine: sgl\n"));
  for (const char* part : {"scenario.yaml:2:9: engine", "deepseek", "sglang-2025-05",
                           "rtp-llm-2025-05", "sglang-2026", "trtllm-2026", "vllm-2025-12"}) {
    EXPECT_NE(error.find(part), std::string::npos) << part << " in " << error;
  }
  EXPECT_EQ(error.find("h800"), std::string::npos);  // parts of another kind
}

TEST(EngineKeys, CapturedBatchesRise) {
  const ScenarioFiles files;
  for (const char* sizes : {"[64, 32]", "[0]", "[64, 64]", "[many]", "64"}) {
    const std::string error =
        files.error_of(files.on_quick(std::string("engine: {graph_batches: ") + sizes + "}\n"));
    EXPECT_NE(error.find("engine.graph_batches"), std::string::npos) << sizes << ": " << error;
  }
}

// Stated values are used whatever the batch; an engine's own where experts differ at all.
TEST(EngineKeys, AStatedImbalanceIsInThePlaceOfTheSkew) {
  const ScenarioFiles files;
  const auto decode_of = [](const Scenario& s) {
    return cluster::decode_imbalance(s).max_over_mean;
  };
  const auto prefill_of = [](const Scenario& s) {
    return cluster::prefill_imbalance(s).max_over_mean;
  };
  const Scenario both = load_scenario(files.on_quick("experts: {max_over_mean: 1.3}\n"));
  EXPECT_EQ(decode_of(both), std::vector<double>{1.3});
  EXPECT_EQ(prefill_of(both), std::vector<double>{1.3});
  const Scenario one = load_scenario(
      files.on_quick("engine: sglang-2025-05\nexperts: {max_over_mean: {decode: 1.2}}\n"));
  EXPECT_EQ(decode_of(one), std::vector<double>{1.2});
  EXPECT_EQ(prefill_of(one), std::vector<double>{1.33});
  const Scenario even =
      load_scenario(files.on_quick("engine: sglang-2025-05\nexperts: {skew: none}\n"));
  EXPECT_TRUE(prefill_of(even).empty());
  EXPECT_NE(files.error_of(files.on_quick("experts: {max_over_mean: 0.9}\n")), "");
}

// What an engine does not have is no guess of a scenario; its own host time has its own range.
TEST(EngineKeys, GuessesAreThoseOfTheEngine) {
  const ScenarioFiles files;
  const auto range_of = [&](const std::string& scenario, const std::string& key) {
    for (const Guess& guess : guesses(load_scenario(scenario))) {
      if (guess.key == key) {
        return guess.low + " to " + guess.high;
      }
    }
    return std::string();
  };
  const std::string quick = kConfigs + "/quick.yaml";
  EXPECT_EQ(range_of(quick, "engine.host_time"), "2 ms to 8 ms");
  EXPECT_EQ(range_of(quick, "engine.kernel_overhead"), "");
  const std::string sglang = files.on_quick("engine: sglang-2025-05\n");
  EXPECT_EQ(range_of(sglang, "engine.host_time"), "500 us to 3 ms");
  EXPECT_EQ(range_of(sglang, "engine.kernel_overhead"), "0 us to 6 us");
  EXPECT_EQ(range_of(sglang, "engine.launch_time"), "");
}

}  // namespace
}  // namespace epfleet::config
