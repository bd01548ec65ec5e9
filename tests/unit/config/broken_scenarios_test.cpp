// Does every kind of broken scenario say what is wrong, where, and the remedy? The wording is
// the interface: tests/scenario/broken/NAME.yaml must be refused with the text of NAME.expected.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>

#include "epfleet/cache/eviction_rule.h"
#include "epfleet/experts/expert_placement.h"
#include "epfleet/policy/registry.h"
#include "scenario_files.h"
#include "support/places.h"

namespace epfleet::config {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<fs::path> broken_scenarios() {
  std::vector<fs::path> paths;
  for (const auto& entry :
       fs::directory_iterator(fs::path(test::source_dir()) / "tests/scenario/broken")) {
    if (entry.path().extension() == ".expected") {
      paths.push_back(fs::path(entry.path()).replace_extension(".yaml"));
    }
  }
  std::ranges::sort(paths);
  return paths;
}

// A rule is added by adding a row, a part by adding a file, which must break no test: <KEY> in an
// expected text stands for the names of the key's rules, <parts> for those of the parts.
std::string with_rules(std::string text) {
  const auto fill_names = [&](const std::string& key, const std::string& names) {
    for (auto at = text.find('<' + key + '>'); at != std::string::npos;
         at = text.find('<' + key + '>')) {
      text.replace(at, key.size() + 2, names);
    }
  };
  const auto fill = [&](const std::string& key, const std::vector<base::Choice>& choices) {
    std::string names;
    for (const base::Choice& choice : choices) {
      names += (names.empty() ? "" : ", ") + std::string(choice.name);
    }
    fill_names(key, names);
  };
  std::set<std::string> parts;
  for (const auto& entry : fs::directory_iterator(fs::path(kConfigs) / "parts")) {
    if (entry.is_regular_file()) {  // engines are a folder of their own
      parts.insert(entry.path().stem().string());
    }
  }
  fill_names("parts", fmt::format("{}", fmt::join(parts, ", ")));
  fill("kv_cache.eviction", cache::eviction_rules().choices());
  fill("experts.balancer", experts::expert_rules().choices());
  fill("scaling.policy", policy::scaling_rules().choices());
  return text;
}

class BrokenScenario : public testing::TestWithParam<fs::path> {};

TEST_P(BrokenScenario, IsRefusedWithTheExpectedText) {
  const ScenarioFiles files;
  EXPECT_EQ(files.error_of(GetParam().string()) + "\n",
            with_rules(text_of(fs::path(GetParam()).replace_extension(".expected"))));
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenScenario, testing::ValuesIn(broken_scenarios()),
                         [](const auto& which) { return which.param.stem().string(); });

TEST(BrokenScenario, AFileThatIsNotThere) {
  const ScenarioFiles files;
  EXPECT_EQ(files.error_of(files.path("none.yaml")), "none.yaml: no such file; check the path");
  EXPECT_EQ(files.error_of(files.path("parts")), "parts: is a folder; name a file in it");
  EXPECT_EQ(files.error_of(std::string(5000, 'x')).substr(5000), ": no such file; check the path");
}

TEST(BrokenScenario, AHugeFile) {
  const ScenarioFiles files;
  std::string text(1'048'576, '#');
  text.back() = '\n';
  // 2^20 bytes are read (a comment: nothing asked of an empty fleet), one more is not.
  EXPECT_EQ(files.error_of(files.write("large.yaml", text)).find("larger than"), std::string::npos);
  EXPECT_EQ(files.error_of(files.write("huge.yaml", text + "#")),
            "huge.yaml: larger than 1048576 bytes; a scenario is a page or two; is this a trace?");
}

// Nesting of every syntax that YAML has, deep enough to exhaust the stack of a recursive reader.
TEST(BrokenScenario, NestingIsStoppedNotFollowed) {
  const ScenarioFiles files;
  std::string indented;
  for (int i = 0; i < 1000; ++i) {
    indented += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  }
  std::string lists;
  for (int i = 0; i < 200'000; ++i) {
    lists += "- ";
  }
  for (const std::string& text : {"a: " + std::string(500'000, '['),
                                  "a: " + std::string(500'000, '{'), lists + "x", indented}) {
    const auto before = std::chrono::steady_clock::now();
    const std::string error = files.error_of(files.write("deep.yaml", text));
    EXPECT_NE(error.find("nested more than 32 levels deep"), std::string::npos)
        << error.substr(0, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
  }
}

// Every key was compared with all before it, and single values were not counted at all.
TEST(BrokenScenario, AMegabyteOfKeysOrValuesIsRefusedAtOnce) {
  const ScenarioFiles files;
  std::string keys, values = "a: [";
  for (int i = 0; i < 110'000; ++i) {
    keys += "k" + std::to_string(i) + ":\n";
    values += "1,";
  }
  for (const std::string& text : {keys, values + "1]\n"}) {
    EXPECT_NE(files.error_of(files.write("many.yaml", text)).find("more than 100000 values"),
              std::string::npos);
  }
}

TEST(BrokenScenario, AnOptionSaysWhereItCameFrom) {
  const ScenarioFiles files;
  const std::string quick = kConfigs + "/quick.yaml";
  EXPECT_EQ(files.error_of(quick, {"decode.gpus=many"}),
            "--set: decode.gpus: 'many' is not a number; write a number, for example 144");
  EXPECT_EQ(files.error_of(quick, {"decode.gpuz=128"}),
            "--set: decode.gpuz: unknown key; did you mean 'decode.gpus'?");
  EXPECT_EQ(files.error_of(quick, {"decode.gpus"}),
            "--set: 'decode.gpus' is not KEY=VALUE; for example --set decode.gpus=128");
  EXPECT_EQ(files.error_of(quick, {"decode.gpus="}),
            "--set: decode.gpus: has no value; expected: whole number");
  EXPECT_EQ(files.error_of(quick, {"seed=["}),
            "--set: seed: not YAML: end of sequence flow not found; check indentation, colons and "
            "brackets");
  EXPECT_EQ(files.error_of(quick, {"decode.gpus=140"}),
            "--set: decode.gpus: 140 GPUs are not whole nodes of 8; choose a multiple of 8");
}

}  // namespace
}  // namespace epfleet::config
