// Does a user of another tool learn what its options are called here?
#include "epfleet/config/equivalents.h"

#include <gtest/gtest.h>

#include <set>

#include "epfleet/config/explain.h"
#include "scenario_files.h"

namespace epfleet::config {
namespace {

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> words;
  while (!names.empty()) {
    const auto comma = std::min(names.find(", "), names.size());
    words.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 2, names.size()));
  }
  return words;
}

TEST(Equivalents, AnOptionAKeyAndAPathAreTheSameWord) {
  for (const char* spelling :
       {"max_num_seqs", "--max-num-seqs", "maxNumSeqs", "decode.max_num_seqs"}) {
    const auto rows = equivalents_of(spelling);
    ASSERT_EQ(rows.size(), 1U) << spelling;
    EXPECT_EQ(rows[0]->keys, "decode.max_requests_per_gpu");
  }
  EXPECT_EQ(equivalents_of("tensor-parallel-size").front()->tool, "vLLM");
  EXPECT_EQ(equivalents_of("expert_parallel_size").front()->tool, "SGLang");
  EXPECT_TRUE(equivalents_of("gpus").empty());
}

TEST(Equivalents, EveryRowIsWholeAndNoToolHasAWordTwice) {
  std::set<std::string> seen;
  for (const Equivalent& row : equivalents()) {
    EXPECT_FALSE(row.meaning.empty()) << row.spellings;
    EXPECT_EQ(row.keys.empty(), !row.meaning.ends_with('.')) << row.spellings;
    for (const std::string& spelling : split(row.spellings)) {
      EXPECT_TRUE(seen.insert(std::string(row.tool) + spelling).second) << spelling;
    }
    for (const std::string& key : split(row.keys)) {
      EXPECT_TRUE(key.starts_with("latency.") || is_key_or_group(key))
          << row.spellings << ": " << key;
    }
  }
}

TEST(Equivalents, AWrongKeyOfAnotherToolIsToldOurs) {
  const ScenarioFiles files;
  const auto error = [&](const std::string& text) { return files.error_of(files.on_quick(text)); };
  EXPECT_NE(error("decode: {max_num_seqs: 64}\n")
                .find("decode.max_num_seqs: unknown key; max_num_seqs is vLLM's; here "
                      "decode.max_requests_per_gpu"),
            std::string::npos);
  EXPECT_NE(error("disaggregation_mode: prefill\n")
                .find("disaggregation_mode is SGLang's; it has no counterpart: prefill and decode"),
            std::string::npos);
  // The right word on the wrong level, and a word that is only misspelt, are told as before.
  EXPECT_NE(error("ttft: {limit: 5 s}\n").find("did you mean 'slo.ttft'?"), std::string::npos);
  EXPECT_NE(error("decode: {gpu: 144}\n").find("did you mean 'decode.gpus'?"), std::string::npos);
}

TEST(Equivalents, AreExplainedInWords) {
  const std::string text = explain_equivalents("enable_eplb");
  EXPECT_NE(text.find("of vLLM; here experts.balancer\n"), std::string::npos) << text;
  EXPECT_NE(text.find("of SGLang; here experts.balancer\n"), std::string::npos) << text;
  EXPECT_EQ(explain_equivalents("chunked"), "");
  EXPECT_NE(explain_equivalents("chunked", true).find("chunked_prefill_size\n"), std::string::npos);
}

}  // namespace
}  // namespace epfleet::config
