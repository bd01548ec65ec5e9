#include "epfleet/experiment/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epfleet/base/error.h"

namespace epfleet::experiment {
namespace {

using testing::HasSubstr;
using testing::Not;

// Three rules with three seeds each; `slow` is 2, 2.1 and 1.9 s later than `fast`, whatever the
// seed does; `lost` diverges with one seed.
constexpr const char* kCsv =
    "case_id,replicate,seed,decode.balancer,latency.ttft_s.p95,cost.usd,case,status\n"
    "a,0,1,fast,1.0,5,,ok\n"
    "a,1,2,fast,3.0,5,,ok\n"
    "a,2,3,fast,2.0,5,,ok\n"
    "b,0,1,slow,3.0,5,,ok\n"
    "b,1,2,slow,5.1,5,,ok\n"
    "b,2,3,slow,3.9,5,,ok\n"
    "c,0,1,lost,1.5,5,,ok\n"
    "c,1,2,lost,77.0,5,,unstable\n"
    "c,2,3,lost,2.5,5,,ok\n";

Comparison compared(const std::string& csv = kCsv) {
  const Variants variants = variants_of_csv(csv, "x");
  return compare(variants, groups_of(variants, {}));
}

TEST(Comparison, PairsBySeed) {
  const Comparison comparison = compared();
  ASSERT_EQ(comparison.size(), 2U);
  const ComparedMetric& ttft = comparison.front();
  EXPECT_EQ(ttft.better, Better::Less);
  EXPECT_TRUE(ttft.variants[0].is_baseline);
  const ComparedVariant& slow = ttft.variants[1];
  EXPECT_EQ(slow.name, "decode.balancer=slow");
  EXPECT_NEAR(slow.difference->mean, 2.0, 1e-12);
  // Deviation 0.1, three pairs: +- 4.30265 x 0.1 / sqrt(3) = 0.2484; unpaired it would be +- 2.3.
  EXPECT_NEAR(*slow.difference->high - 2.0, 0.2484, 1e-4);
  EXPECT_TRUE(slow.significant);
}

TEST(Comparison, DoesNotQuoteWhatDiverged) {
  const ComparedVariant lost = compared().front().variants.back();
  EXPECT_EQ(lost.status, CaseStatus::Unstable);
  EXPECT_FALSE(lost.value.has_value());
  const std::string text = comparison_text(compared(), 0);
  EXPECT_THAT(text, HasSubstr("decode.balancer=lost unstable"));
  EXPECT_THAT(text, Not(HasSubstr("27")));
  EXPECT_THAT(text,
              HasSubstr("Significantly worse than decode.balancer=fast: "
                        "decode.balancer=slow (+100.0 %). Not judged: decode.balancer=lost."));
}

TEST(Comparison, OneFailedSeedDoesNotDiscardAVariant) {
  std::string csv = kCsv;
  csv.replace(csv.find("5.1,5,,ok"), 9, ",,,failed");
  const ComparedMetric ttft = compared(csv).front();
  const ComparedVariant& slow = ttft.variants[1];
  EXPECT_EQ(slow.name, "decode.balancer=slow");
  EXPECT_EQ(slow.status, CaseStatus::Ok);
  EXPECT_EQ(slow.seeds, 2U);
  EXPECT_EQ(slow.failed, 1U);
  EXPECT_NEAR(slow.difference->mean, 1.95, 1e-12);
  EXPECT_THAT(comparison_text(compared(csv), 0), HasSubstr("(1 more failed)"));
  for (const char* other : {"3.0,5,,ok\nb,1", "3.9,5,,ok\nc,0"}) {
    csv.replace(csv.find(other), 9, ",,,failed");
  }
  const ComparedVariant none = compared(csv).front().variants[1];
  EXPECT_EQ(none.name, "decode.balancer=slow");
  EXPECT_EQ(none.status, CaseStatus::Failed);
}

TEST(Comparison, EqualValuesDoNotDiffer) {
  const ComparedMetric cost = compared().back();
  EXPECT_EQ(cost.variants[1].difference->mean, 0.0);
  EXPECT_FALSE(cost.variants[1].significant);
}

// With the baseline as a key's value, every combination of the other keys is a comparison of its
// own.
TEST(Comparison, GroupsByTheOtherKeys) {
  const Variants variants = variants_of_csv(
      "case_id,replicate,seed,rule,load,cost.usd,case,status\n"
      "a,0,1,x,1,5,,ok\nb,0,1,x,2,6,,ok\nc,0,1,y,1,7,,ok\nd,0,1,y,2,9,,ok\n",
      "x");
  const Comparison comparison = compare(variants, groups_of(variants, {"", {{"rule", "x"}}}));
  ASSERT_EQ(comparison.size(), 2U);
  EXPECT_EQ(comparison[0].where, "load=1");
  EXPECT_EQ(comparison[0].variants[1].difference->mean, 2.0);
  EXPECT_EQ(comparison[1].variants[1].difference->mean, 3.0);
  EXPECT_THAT(comparison_text(comparison, 0), HasSubstr("With one seed nothing can be said"));
}

TEST(Comparison, NamesAndTextsWithCommasSurvive) {
  const Variants variants = variants_of_csv(
      "case_id,replicate,seed,k,cost.usd,case,status\n"
      "a,0,1,\"[1, 2]\",5,\"no \"\"x\"\", no y\",ok\nb,0,1,z,5,plain,ok\n",
      "x");
  EXPECT_EQ(variants.variants[0].name, "no \"x\", no y");
  EXPECT_EQ(variants.variants[0].keys.at("k"), "[1, 2]");
  EXPECT_THAT(comparison_csv(compare(variants, groups_of(variants, {}))),
              HasSubstr("\"no \"\"x\"\", no y\""));
}

// Every row was sought among all before it: a sweep of the size that is allowed took hours.
TEST(Comparison, ATableOfManyCasesIsReadInOnePass) {
  std::string csv = "case_id,seed,cost.usd,case,status\n";
  for (int i = 0; i < 300'000; ++i) {
    csv += std::to_string(i) + ",1,5,,ok\n";
  }
  const Variants variants = variants_of_csv(csv, "x");
  EXPECT_EQ(variants.variants.size(), 300'000U);
  EXPECT_EQ(variants.variants.back().case_id, "299999");
}

// Every line end had all before it cut anew.
TEST(Comparison, ATextOfManyLinesIsReadInOnePass) {
  std::string lines;
  for (int i = 0; i < 1'000'000; ++i) {
    lines += "\"\"\n";
  }
  const std::string head = "case_id,seed,cost.usd,case,status\na,1,5,\"" + lines;
  EXPECT_EQ(variants_of_csv(head + "\",ok\n", "x").variants.size(), 1U);
  EXPECT_THROW((void)variants_of_csv(head, "x"), base::InputError);  // never closed
}

// The difference was no number, and a library's message all that was said.
TEST(Comparison, NumbersTooLargeOrSmallToBeComparedAreRefused) {
  for (const char* value : {"1e308", "-1e101", "1e-200"}) {
    const std::string csv = "case_id,seed,cost.usd,case,status\na,1,1,,ok\nb,1,";
    EXPECT_THROW((void)variants_of_csv(csv + value + ",,ok\n", "x"), base::InputError) << value;
  }
}

TEST(Comparison, AnUnknownBaselineIsRefused) {
  const Variants variants = variants_of_csv(kCsv, "x");
  EXPECT_THROW((void)groups_of(variants, {"nobody", {}}), base::InputError);
  EXPECT_THROW((void)groups_of(variants, {"", {{"decode.balancer", "nobody"}}}), base::InputError);
  EXPECT_EQ(groups_of(variants, {"b", {}}).front().baseline, 1U);
}

TEST(Comparison, TheFarSideOfASearchIsNotAMetric) {
  const Variants variants = variants_of_csv(
      "case_id,replicate,seed,k,search.r,search.r.fails_at,case,status\na,0,1,1,3,4,full,ok\n",
      "x");
  EXPECT_EQ(variants.metrics, std::vector<std::string>{"search.r"});
}

// The effect of a claim: baseline over the case without it. 3 / 1, 3 / 1 and 4 / 2: geometric mean
// 18^(1/3).
TEST(Claims, AreRatiosOfPairs) {
  const Variants variants = variants_of_csv(
      "case_id,replicate,seed,k,search.workload.rate_scale,case,status\n"
      "a,0,1,1,3,full,ok\na,1,2,1,3,full,ok\na,2,3,1,4,full,ok\n"
      "b,0,1,2,1,without,ok\nb,1,2,2,1,without,ok\nb,2,3,2,2,without,ok\n"
      "c,0,1,3,1,lost,below\nc,1,2,3,1,lost,ok\nc,2,3,3,2,lost,ok\n",
      "x");
  const std::string metric = "search.workload.rate_scale";
  const auto findings =
      find_claims(variants, {{"it helps", "3x", "without", metric}, {"more", "2x", "lost", metric}},
                  groups_of(variants, {}).front());
  ASSERT_TRUE(findings[0].ratio.has_value());
  EXPECT_NEAR(findings[0].ratio->mean, std::cbrt(18.0), 1e-9);
  EXPECT_FALSE(findings[1].ratio.has_value());
  EXPECT_EQ(findings[1].why_not, "lost: even the lowest value searched misses the objectives");
  EXPECT_THAT(claims_text(findings), HasSubstr("it helps  3x    2.62x"));
}

// An effect below 2 whose interval reaches beyond it: "1.92x  1.75x to 2.10x", not "+92 %
// to 2.09x".
TEST(Claims, AnEffectAndItsIntervalAreWrittenAlike) {
  const Variants variants = variants_of_csv(
      "case_id,replicate,seed,k,search.workload.rate_scale,case,status\n"
      "a,0,1,1,3,full,ok\na,1,2,1,3,full,ok\na,2,3,1,4,full,ok\n"
      "b,0,1,2,1.6,without,ok\nb,1,2,2,1.6,without,ok\nb,2,3,2,2,without,ok\n",
      "x");
  const std::string text = claims_text(
      find_claims(variants, {{"it helps", "2x", "without", "search.workload.rate_scale"}},
                  groups_of(variants, {}).front()));
  EXPECT_THAT(text, HasSubstr("1.92x     1.75x to 2.10x"));
}

}  // namespace
}  // namespace epfleet::experiment
