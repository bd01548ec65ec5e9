#include "epfleet/base/token_parts.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace epfleet::base {
namespace {

// 1.8 tokens are 460.8 / 256.
TEST(TokenParts, ConvertsBothWays) {
  EXPECT_EQ(TokenParts::from_tokens(3).count(), 768);
  EXPECT_EQ(TokenParts32::nearest(1.8).count(), 461);
  EXPECT_EQ(TokenParts32::round_down(1.8).count(), 460);
  EXPECT_EQ(TokenParts(1023).whole_tokens(), 3);
  EXPECT_EQ(TokenParts(-1).whole_tokens(), -1);
  EXPECT_EQ(TokenParts(384).tokens(), 1.5);
}

TEST(TokenParts, CountsExactly) {
  TokenParts sum = TokenParts::from_tokens(10) + TokenParts32(461) * 500;
  sum -= TokenParts(1);
  EXPECT_EQ(sum.count(), 2560 + 230'500 - 1);
  EXPECT_EQ(TokenParts(100) / TokenParts(400), 0.25);
  EXPECT_LT(TokenParts32(7), TokenParts32(8));
  EXPECT_GE(TokenParts(TokenParts32::max()), TokenParts::from_tokens(8'388'607));
}

TEST(TokenParts, IsATrivialIntegerThatNothingConvertsToByItself) {
  static_assert(std::is_trivially_copyable_v<TokenParts32> && sizeof(TokenParts32) == 4);
  static_assert(std::has_unique_object_representations_v<TokenParts> && sizeof(TokenParts) == 8);
  static_assert(std::is_convertible_v<TokenParts32, TokenParts>);
  static_assert(!std::is_convertible_v<TokenParts, TokenParts32>);
  static_assert(!std::is_convertible_v<int, TokenParts32>);
  static_assert(!std::is_convertible_v<TokenParts, double>);
}

}  // namespace
}  // namespace epfleet::base
