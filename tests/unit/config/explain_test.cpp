// Does a user get an answer about every key, and an editor a schema that fits what the loader
// takes?
#include "epfleet/config/explain.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "epfleet/config/topics.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

TEST(Explain, OneKeyHasTypeUnitDefaultRangeGuessMeaningAndSource) {
  EXPECT_EQ(explain("engine.host_time"),
            "engine.host_time\n"
            "  duration (ns, us, ms, s, min, h, d); default 5 ms; >= 0 and <= 1 s; a guess, "
            "plausible 2 ms .. 8 ms\n"
            "    Time of a decode step that no GPU work covers.\n"
            "    Source: residual of the profile's 96 ms step, which leaves 2-8 ms.\n");
  EXPECT_EQ(explain("decode.microbatch"),
            "decode.microbatch\n"
            "  reform | sticky; default reform\n"
            "    How a GPU's requests are split into two halves.\n"
            "    reform               halved anew every step; nothing moves\n"
            "    sticky               a request stays in its half until it leaves\n"
            "    Source: a choice.\n");
}

TEST(Explain, AGroupHasItsKeysAndNoOthers) {
  const std::string text = explain("decode.mtp");
  for (const std::string& member : group_members("decode.mtp")) {
    EXPECT_NE(text.find("decode.mtp." + member + "\n"), std::string::npos);
  }
  EXPECT_EQ(text.find("decode.gpus"), std::string::npos);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Explain, AllKeysAreThereHardwareAndClassesOnce) {
  const std::string text = "\n" + explain();
  for (const Key& key : key_table()) {
    EXPECT_EQ(count_of(text, "\n" + told_name(key) + "\n"), key.overrides.empty() ? 1 : 0)
        << key.name;
  }
  EXPECT_EQ(count_of(text, "\nprefill.hardware\n"), 1);
}

TEST(Explain, WhatIsToldOnceIsFoundByItsOwnNameToo) {
  EXPECT_NE(explain("decode.hardware.sms").find("132"), std::string::npos);
  EXPECT_NE(explain("workload.classes.api.r1_share").find("plausible 0.2 .. 0.8"),
            std::string::npos);
  const std::string once = explain("workload.classes.NAME.r1_share");
  EXPECT_NE(once.find("workload.classes.api.r1_share: a guess, plausible 0.2 .. 0.8."),
            std::string::npos);
  const std::string api = explain("workload.classes.api");
  EXPECT_EQ(count_of(api, "workload.classes.NAME"), 0);
  // Beside them the group has the keys of classes of one's own.
  EXPECT_LT(key_lines("workload.classes.api").size(), key_lines("workload.classes").size());
  EXPECT_LT(key_lines("workload.classes").size(), 2 * key_lines("workload.classes.api").size());
}

TEST(Explain, ATopicOpensWithWhatItIsFor) {
  for (const Topic& topic : topics()) {
    const std::string text = explain(topic.name);
    EXPECT_TRUE(text.starts_with(fmt::format("{}\n    {}\n", topic.name, topic.purpose)));
    EXPECT_FALSE(key_lines(topic.name).empty()) << topic.name;
  }
  for (const Key& key : key_table()) {
    EXPECT_NE(find_topic(topic_of(key.name)), nullptr) << key.name;
  }
  EXPECT_EQ(explain("run").find("decode"), std::string::npos);
}

TEST(Explain, AListHasOneLineAKeyAndHalfASentence) {
  const auto lines = key_lines("slo.ttft");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].name, "slo.ttft.limit");
  EXPECT_EQ(lines[0].standard, "none");
  EXPECT_EQ(lines[0].meaning, "Longest time to first token that meets the objective");
  EXPECT_EQ(key_lines("").size(), told_keys("").size());
}

TEST(Explain, AnUnknownKeyNamesTheNearest) {
  try {
    (void)explain("decode.host_tim");
    FAIL();
  } catch (const base::InputError& error) {
    EXPECT_STREQ(error.what(), "decode.host_tim: unknown key; did you mean 'decode.host_time'?");
  }
}

// Low, central and high of a guess can be given to --set.
TEST(Guesses, EveryBoundLoads) {
  const std::string quick = kConfigs + "/quick.yaml";
  const auto rows = guesses(load_scenario(quick));
  EXPECT_GE(rows.size(), 10U);
  for (const Guess& row : rows) {
    for (const std::string& value : {row.low, row.central, row.high}) {
      const ScenarioFiles files;
      EXPECT_EQ(files.error_of(quick, {row.key + "=" + value}), "");
    }
    const Scenario low = load_scenario(quick, std::vector<Override>{row.key + "=" + row.low});
    const Scenario high = load_scenario(quick, std::vector<Override>{row.key + "=" + row.high});
    EXPECT_NE(find_key(row.key)->print(low), find_key(row.key)->print(high)) << row.key;
  }
}

// What a scenario does not have is no guess of it: sweeps over guesses would run it for nothing.
TEST(Guesses, AreOfWhatTheScenarioHas) {
  const auto has = [](const std::string& file, const std::vector<Override>& keys,
                      const std::string& guess) {
    const auto rows = guesses(load_scenario(kConfigs + "/" + file, keys));
    return std::ranges::any_of(rows, [&](const Guess& row) { return row.key == guess; });
  };
  for (const char* guess :
       {"scaling.slo.prefill_load", "scaling.start_up.total", "admission.min_ceiling",
        "admission.retries.back_off", "failures.node_rate"}) {
    EXPECT_FALSE(has("quick.yaml", {}, guess)) << guess;
  }
  EXPECT_TRUE(has("deepseek_day.yaml", {}, "scaling.start_up.total"));
  EXPECT_FALSE(has("deepseek_day.yaml", {}, "scaling.start_up.compile"));
  EXPECT_TRUE(has("deepseek_day_autoscaled.yaml", {}, "scaling.slo.prefill_load"));
  EXPECT_TRUE(has("quick.yaml", {"admission.max_queue=100"}, "admission.min_ceiling"));
  EXPECT_TRUE(has("quick.yaml", {"admission.retries.limit=2"}, "admission.retries.back_off"));
}

nlohmann::json schema_of(const nlohmann::json& root, const std::string& name) {
  nlohmann::json at = root;
  std::string rest = name;
  while (!rest.empty()) {
    const auto dot = rest.find('.');
    if (at.contains("anyOf")) {
      at = at["anyOf"][1];
    }
    const std::string member = rest.substr(0, dot);  // NAME stands for any other
    const nlohmann::json inner =
        member == "NAME" ? at.at("additionalProperties") : at.at("properties").at(member);
    at = inner;
    rest = dot == std::string::npos ? "" : rest.substr(dot + 1);
  }
  return at;
}

TEST(JsonSchema, IsJsonAndHasEveryKey) {
  const nlohmann::json schema = nlohmann::json::parse(json_schema());
  EXPECT_EQ(schema["additionalProperties"], false);
  for (const Key& key : key_table()) {
    EXPECT_NO_THROW({
      const nlohmann::json leaf = schema_of(schema, key.name);
      EXPECT_TRUE(leaf["description"].get<std::string>().starts_with(key.help)) << key.name;
    }) << key.name;
  }
  EXPECT_TRUE(schema["properties"].contains("extends"));
}

TEST(JsonSchema, TypesBoundsAndChoices) {
  const nlohmann::json schema = nlohmann::json::parse(json_schema());
  const nlohmann::json gpus = schema_of(schema, "decode.gpus");
  EXPECT_EQ(gpus["type"], "integer");
  EXPECT_EQ(gpus["minimum"], 1);
  EXPECT_EQ(gpus["maximum"], 4096);
  EXPECT_EQ(schema_of(schema, "decode.host_time")["type"], "string");
  EXPECT_EQ(schema_of(schema, "decode.overlap")["enum"],
            nlohmann::json({"auto", "dual_batch", "none"}));
  EXPECT_EQ(schema_of(schema, "decode.redundant_experts")["anyOf"][1]["const"], "auto");
  EXPECT_EQ(schema_of(schema, "decode.phase_barriers")["type"], "boolean");
  EXPECT_EQ(schema_of(schema, "scaling.schedule")["type"], "array");
  EXPECT_EQ(schema["properties"]["hardware"]["anyOf"][0]["type"], "string");
}

}  // namespace
}  // namespace epfleet::config
