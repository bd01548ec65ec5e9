// Is every contradiction between keys found, and no sound scenario refused? One change to the
// shipped day at a time; the key that is shown first must be the one named. Wording:
// tests/scenario/broken.
#include "epfleet/config/check.h"

#include <gtest/gtest.h>

#include <functional>

#include "scenario_files.h"
#include "support/places.h"

namespace epfleet::config {
namespace {

using namespace std::chrono_literals;

const Scenario& day() {
  static const Scenario kDay = load_scenario(kConfigs + "/deepseek_day.yaml");
  return kDay;
}

struct Case {
  const char* key;  // shown first
  std::function<void(Scenario&)> change;
};

TEST(Check, TheShippedDayIsSound) { EXPECT_TRUE(check(day()).empty()); }

TEST(Check, EveryContradictionIsFound) {
  const std::vector<Case> cases = {
      {"duration", [](Scenario& s) { s.duration = 0s; }},
      {"fleet.base.decode_units", [](Scenario& s) { s.scaling.schedule[3].groups = 0; }},
      {"fleet.base.prefill_units",
       [](Scenario& s) { s.fleet.base.prefill_units = s.fleet.group.prefill_units = 0; }},
      {"fleet.base.prefill_units", [](Scenario& s) { s.fleet.base.prefill_units = 65'500; }},
      {"fleet.base.decode_units", [](Scenario& s) { s.fleet.base.decode_units = 65'500; }},
      {"fleet.base.decode_units", [](Scenario& s) { s.fleet.base.decode_units = 7'000; }},
      {"kv_cache.eviction", [](Scenario& s) { s.kv_cache.eviction = "lfu"; }},
      {"kv_cache.eviction", [](Scenario& s) { s.kv_cache.eviction = "s3fifo"; }},
      {"model.groups", [](Scenario& s) { s.model.groups = s.model.topk_groups = 16; }},
      {"model.topk_groups",
       [](Scenario& s) {
         s.model.topk_groups = 7;
         s.model.top_k = 6;
       }},
      {"decode.hardware.memory",
       [](Scenario& s) { s.decode_hardware.memory = base::Bytes(800'000'000'000); }},
      {"fleet.pool_nodes", [](Scenario& s) { s.fleet.pool_nodes = 277; }},
      {"scaling.schedule", [](Scenario& s) { s.scaling.schedule[1].daily = false; }},
      {"scaling.schedule",
       [](Scenario& s) { s.scaling.schedule[2].at = s.scaling.schedule[1].at; }},
      {"workload.classes.api.request_share",
       [](Scenario& s) { s.workload.classes[0].request_share += 2e-6; }},
      {"workload.classes.api.output.median",
       [](Scenario& s) { s.workload.classes[0].output.median = 0; }},
      {"workload.classes.chat_r1.think.median",
       [](Scenario& s) { s.workload.classes[1].think.median = 0; }},
      {"workload.classes.chat_r1.turns_alpha",
       [](Scenario& s) { s.workload.classes[1].turns_beta = 0; }},
      {"workload.classes.agent.turns_alpha",
       [](Scenario& s) { s.workload.classes[3].turns_alpha = 1.0; }},
      {"workload.classes.api.templates", [](Scenario& s) { s.workload.classes[0].templates = 0; }},
      {"workload.classes.chat_v3.app_share",
       [](Scenario& s) { s.workload.classes[2].api_share = 0.6; }},
      {"workload.output_limit_r1", [](Scenario& s) { s.workload.output_limit_r1 = 65536; }},
      {"model.dense_layers", [](Scenario& s) { s.model.dense_layers = 61; }},
      {"model.groups", [](Scenario& s) { s.model.groups = 7; }},
      {"model.top_k", [](Scenario& s) { s.model.topk_groups = 9; }},
      {"prefill.chunk_grain", [](Scenario& s) { s.prefill.chunk_grain = 20'000; }},
      {"prefill.gpus", [](Scenario& s) { s.prefill.gpus = 30; }},
      {"decode.redundant_experts", [](Scenario& s) { s.decode.redundant_experts = 33; }},
      {"decode.mtp.enabled", [](Scenario& s) { s.model.mtp_layers = 0; }},
      {"decode.gpus", [](Scenario& s) { s.decode_hardware.memory = base::Bytes(37'000'000'000); }},
      {"prefill.hardware.prefill_comm_sms",
       [](Scenario& s) { s.prefill_hardware.prefill_comm_sms = 132; }},
      {"experts.skew", [](Scenario& s) { s.experts.skew = "observed"; }},
      {"experts.loads", [](Scenario& s) { s.experts.loads = test::source_dir() + "/README.md"; }},
      {"experts.loads",
       [](Scenario& s) {
         s.experts.skew = "observed";
         s.experts.loads = "no_such_file.csv";
       }},
      {"experts.reshare_every",
       [](Scenario& s) {
         s.experts.balancer = "weighted";
         s.experts.reshare_every = 11min;
       }},
      {"slo.ttft.quantile", [](Scenario& s) { s.slo.ttft.limit.reset(); }},
      {"report.interval",
       [](Scenario& s) {
         s.report.interval = 7s;
         s.workload.warm_up = 7s;
       }},
      {"workload.warm_up", [](Scenario& s) { s.workload.warm_up = 90s; }},
      {"report.bands", [](Scenario& s) { s.report.bands = "no_such_file.json"; }},
  };
  for (const Case& one : cases) {
    Scenario scenario = day();
    one.change(scenario);
    const auto found = check(scenario);
    ASSERT_EQ(found.size(), 1U) << one.key << (found.empty() ? "" : ", " + found[0].what);
    EXPECT_EQ(found[0].keys.front(), one.key);
    EXPECT_FALSE(found[0].what.empty() || found[0].remedy.empty());
    for (const std::string& key : found[0].keys) {
      EXPECT_TRUE(find_key(key) != nullptr || is_key_group(key)) << key;
    }
  }
}

// A schedule of durations starts at 0 s or later: in the warm-up before it, fleet.groups serve.
TEST(Check, ADecodeUnitIsNeededInTheWarmUpToo) {
  Scenario scenario = day();
  scenario.scaling.schedule = {{.at = 0s, .daily = false, .groups = 9}};
  ASSERT_EQ(check(scenario).size(), 1U);  // fleet.groups is 0
  EXPECT_EQ(check(scenario)[0].keys.front(), "fleet.base.decode_units");
  scenario.workload.warm_up = 0s;
  EXPECT_TRUE(check(scenario).empty());
}

// The boundaries themselves are sound: 278 nodes at most, rounding of shares, EP16 without copies.
TEST(Check, BoundariesAreSound) {
  const std::vector<std::function<void(Scenario&)>> changes = {
      [](Scenario& s) { s.fleet.pool_nodes = 278; },
      [](Scenario& s) { s.admission.start_deadline = s.admission.total_deadline = 5s; },
      [](Scenario& s) { s.admission.max_queue = s.admission.max_concurrency = 5; },
      [](Scenario& s) { s.workload.classes[0].request_share += 5e-7; },
      [](Scenario& s) {
        s.decode.gpus = 16;
        s.decode.redundant_experts = 0;
      },
      [](Scenario& s) {
        s.decode.gpus = 320;
        s.decode.redundant_experts.reset();
      },
      [](Scenario& s) {
        s.prefill.gpus = 16;
        s.prefill.redundant_experts = 0;
      },
      [](Scenario& s) { s.decode.mtp.enabled = false; },
      [](Scenario& s) {
        s.scaling.policy = "fixed";
        s.fleet.groups = 1;
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Scenario scenario = day();
    changes[i](scenario);
    const auto found = check(scenario);
    EXPECT_TRUE(found.empty()) << i << ": " << found[0].keys[0] << " " << found[0].what;
  }
}

// Weights, buffers and the KV of a request at the context limit, to the byte.
TEST(Check, TheLongestRequestFitsBesideTheWeights) {
  Scenario scenario = day();
  const model::MemoryPlan plan = cluster::decode_memory(scenario);
  const std::int64_t needed = (plan.weights + plan.buffer + plan.runtime).count() +
                              scenario.workload.context_limit * plan.kv_bytes_per_token;
  scenario.decode_hardware.memory = base::Bytes(needed);
  EXPECT_TRUE(check(scenario).empty());
  scenario.decode_hardware.memory = base::Bytes(needed - 1);
  ASSERT_FALSE(check(scenario).empty());
  EXPECT_EQ(check(scenario)[0].keys.front(), "decode.gpus");
}

}  // namespace
}  // namespace epfleet::config
