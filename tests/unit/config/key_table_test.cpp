// Is every row of the key table whole: a sentence, a source, a default that its own range and
// reader accept?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "epfleet/config/document.h"
#include "epfleet/config/key.h"
#include "epfleet/policy/registry.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

TEST(KeyTable, EveryRowHasAUniqueNameASentenceAndASource) {
  std::set<std::string> names;
  for (const Key& key : key_table()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_EQ(find_key(key.name), &key);
    EXPECT_FALSE(is_key_group(key.name)) << key.name << " is a value and a group";
    ASSERT_FALSE(key.help.empty()) << key.name;
    EXPECT_TRUE(key.help.back() == '.' &&
                std::islower(static_cast<unsigned char>(key.help[0])) == 0)
        << key.name << ": " << key.help;
    EXPECT_FALSE(key.source.empty() || key.source.back() == '.') << key.name;
    EXPECT_FALSE(key.type.empty()) << key.name;
  }
}

// No value of a key may make a run endless, overflow, or take all memory.
TEST(KeyTable, EveryNumberHasTwoBounds) {
  for (const Key& key : key_table()) {
    const bool number = key.json == JsonType::Integer || key.json == JsonType::Number ||
                        key.json == JsonType::NumberOrText || needs_unit(key.dimension);
    if (number) {
      EXPECT_TRUE(std::isfinite(key.range.low) && std::isfinite(key.range.high)) << key.name;
    }
  }
}

TEST(KeyTable, TheExampleInAMessageFitsTheKey) {
  const ScenarioFiles files;
  const auto said = [&](const std::string& setting) {
    return files.error_of(files.on_quick(""), {setting});
  };
  EXPECT_THAT(said("slo.ttft.limit=5"), testing::EndsWith("for example 5 s"));
  EXPECT_THAT(said("slo.tpot.limit=soon"), testing::EndsWith("for example 50 ms"));
  EXPECT_THAT(said("kv_cache.ttl=1"), testing::EndsWith("for example 24 h"));
  int examples = 0;
  for (const Key& key : key_table()) {
    if (!needs_unit(key.dimension)) {
      continue;
    }
    std::string error = said(key.name + "=xyz");  // other keys may be missing, too
    error = error.substr(std::min(error.find(key.name + ": 'xyz'"), error.size()));
    error = error.substr(0, error.find('\n'));
    const std::size_t at = error.rfind("for example ");
    if (at != std::string::npos) {
      const std::string example = error.substr(at + 12);
      Scenario scratch;
      Node node;
      node.kind = Node::Kind::Scalar;
      node.text = example;
      EXPECT_FALSE(key.read(scratch, node)) << key.name << " does not take " << example;
      ++examples;
    }
  }
  EXPECT_GT(examples, 100);  // of keys with a unit
}

// Reading a default as it is printed changes nothing: read(print(x)) = x.
TEST(KeyTable, EveryDefaultIsAValueThatItsRowAccepts) {
  const ScenarioFiles files;
  std::vector<std::string> settings;
  for (const Key& key : key_table()) {
    if (key.name.starts_with("workload.classes.") || key.name == "scaling.schedule") {
      continue;  // read back in the round trip of a whole scenario; their file is longer
    }
    settings.push_back(key.name + "=" + key.print(default_scenario()));
  }
  // Not one by one: loading takes its time, and all that cannot be read is told at once.
  constexpr std::size_t kAtOnce = 40;
  for (std::size_t from = 0; from < settings.size(); from += kAtOnce) {
    std::vector<std::string> some(
        settings.begin() + static_cast<std::ptrdiff_t>(from),
        settings.begin() + static_cast<std::ptrdiff_t>(std::min(from + kAtOnce, settings.size())));
    const std::string error = files.error_of(files.on_quick(""), some);
    for (const std::string& setting : some) {
      const std::string name = setting.substr(0, setting.find('='));
      EXPECT_EQ(error.find(name + ": '"), std::string::npos) << error;
    }
    some.back() = "slo.ttft.limit=5";  // has no unit; the last setting of a key counts
    EXPECT_NE(files.error_of(files.on_quick(""), some).find("slo.ttft.limit: '5'"),
              std::string::npos);
  }
}

TEST(KeyTable, AGuessLiesBetweenItsBounds) {
  int guesses = 0;
  for (const Key& key : key_table()) {
    if (!key.is_guess()) {
      continue;
    }
    ++guesses;
    const auto low = parse_real(key.dimension, key.plausible_low);
    const auto high = parse_real(key.dimension, key.plausible_high);
    ASSERT_TRUE(low && high) << key.name;
    EXPECT_LT(*low, *high) << key.name;
    const auto central =
        parse_real(key.dimension, key.print(load_scenario(kConfigs + "/deepseek_day.yaml")));
    ASSERT_TRUE(central) << key.name;
    EXPECT_LE(*low, *central) << key.name;
    EXPECT_GE(*high, *central) << key.name;
  }
  EXPECT_GE(guesses, 10);
}

TEST(KeyTable, NearestKey) {
  EXPECT_EQ(nearest_key("decode.gpu"), "decode.gpus");
  EXPECT_EQ(nearest_key("kvcache"), "kv_cache");
  EXPECT_EQ(nearest_key("mtp"), "decode.mtp");  // right word, wrong level
  EXPECT_EQ(nearest_key("decode.mtp.accept"), "decode.mtp.acceptance");
  EXPECT_EQ(nearest_key("frobnicate"), "");
}

TEST(KeyTable, GroupsAndMembers) {
  EXPECT_TRUE(is_key_group("decode"));
  EXPECT_TRUE(is_key_group("decode.mtp"));
  EXPECT_FALSE(is_key_group("decode.mt"));
  EXPECT_EQ(
      group_members("decode.mtp"),
      (std::vector<std::string>{"enabled", "draft_tokens", "acceptance", "acceptance_spread"}));
  EXPECT_EQ(group_members("").front(), "name");
}

// Keys of the interface that have no implementation yet must not be accepted in silence.
TEST(KeyTable, WhatIsNotThereYetIsUnknown) {
  for (const char* key : {"failures.node_mtbf", "failures.at.unit"}) {
    EXPECT_EQ(find_key(key), nullptr) << key;
  }
}

TEST(KeyTable, BalancersAreThoseOfTheRegistry) {
  const auto expect_rules = [](const char* name, const std::vector<base::Choice>& rules) {
    const Key* key = find_key(name);
    ASSERT_NE(key, nullptr);
    ASSERT_EQ(key->choices.size(), rules.size());
    for (std::size_t i = 0; i < rules.size(); ++i) {
      EXPECT_EQ(key->choices[i].name, rules[i].name);
      EXPECT_EQ(key->choices[i].meaning, rules[i].sentence);
    }
  };
  expect_rules("prefill.balancer.unit", policy::prefill_unit_rules().choices());
  expect_rules("prefill.balancer.gpu", policy::prefill_gpu_rules().choices());
  expect_rules("decode.balancer.unit", policy::decode_unit_rules().choices());
  expect_rules("decode.balancer.gpu", policy::decode_gpu_rules().choices());
}

TEST(KeyTable, APhasesHardwareHasTheFieldsOfTheSharedOne) {
  const auto shared = group_members("hardware");
  EXPECT_EQ(group_members("prefill.hardware"), shared);
  EXPECT_EQ(group_members("decode.hardware"), shared);
  EXPECT_EQ(find_key("decode.hardware.sms")->overrides, "hardware.sms");
  EXPECT_EQ(find_key("hardware.sms")->overrides, "");
}

}  // namespace
}  // namespace epfleet::config
