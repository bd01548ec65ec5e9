// What --check-sums says of the first sum that is wrong.
#include "epfleet/base/sum_check.h"

#include <gtest/gtest.h>

namespace epfleet::base {
namespace {

TEST(SumCheck, SaysNothingWhereAllSumsAreTheSame) {
  SumCheck check;
  check.equal("requests", 3, 3U);
  check.equal("KV", TokenParts32::from_tokens(7), TokenParts::from_tokens(7));
  check.at_least("stored", 8, 7);
  check.holds("the queue is sorted", true);
  EXPECT_EQ(check.difference(), std::nullopt);
}

TEST(SumCheck, NamesTheFirstSumThatDiffersWithItsPlace) {
  SumCheck check;
  {
    const auto unit = check.at("decode unit", 3);
    const auto gpu = check.at("GPU", 17);
    check.equal("KV", TokenParts(2 * 256 + 64), TokenParts::from_tokens(3));
  }
  check.equal("requests", 1, 2);
  EXPECT_EQ(check.difference(),
            "decode unit 3, GPU 17: KV is 2.25 tokens, made anew it is 3 tokens");
}

TEST(SumCheck, APlaceEndsWithItsBlock) {
  SumCheck check;
  {
    const auto unit = check.at("decode unit", 3);
  }
  const auto store = check.at("KV store");
  check.at_least("tokens stored", -1, 0);
  EXPECT_EQ(check.difference(), "KV store: tokens stored is -1, a part of it alone is 0");
}

TEST(SumCheck, NamesALawThatDoesNotHold) {
  SumCheck check;
  check.holds("the queue is sorted", false);
  EXPECT_EQ(check.difference(), "does not hold: the queue is sorted");
}

// Numbers of another sign or width are other numbers; a double shows all its digits.
TEST(SumCheck, ComparesExactly) {
  SumCheck negative;
  negative.equal("tokens", std::int64_t{-1}, ~std::uint64_t{0});
  EXPECT_EQ(negative.difference(), "tokens is -1, made anew it is 18446744073709551615");
  SumCheck halves;
  halves.equal("pairs", 2251799813685248.5, 2251799813685249.0);
  EXPECT_EQ(halves.difference(), "pairs is 2251799813685248.5, made anew it is 2251799813685249");
}

}  // namespace
}  // namespace epfleet::base
