#include "epfleet/text/parse.h"

#include <gtest/gtest.h>

namespace epfleet::text {
namespace {

TEST(Trimmed, TakesBlanksAndTabsOff) {
  EXPECT_EQ(trimmed(" \t a b\t "), "a b");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed_end(" a "), " a");
  EXPECT_TRUE(is_blank(" \t"));
  EXPECT_FALSE(is_blank(" x"));
}

TEST(ParseNumber, TheWholeTextOrNothing) {
  EXPECT_EQ(parse_number("-0.25"), -0.25);
  EXPECT_EQ(parse_number("1e-05"), 1e-05);
  EXPECT_EQ(parse_number("0.1"), 0.1);
  for (const char* wrong : {"", " 1", "1 ", "1 USD", "nan", "inf", "1e400", "+1", "0x10", "1,5"}) {
    EXPECT_FALSE(parse_number(wrong)) << wrong;
  }
}

TEST(ParseWhole, TheWholeTextOrNothing) {
  EXPECT_EQ(parse_whole<std::int64_t>("-3"), -3);
  EXPECT_EQ(parse_whole<std::uint64_t>("18446744073709551615"), 18446744073709551615U);
  for (const char* wrong : {"", "1.0", "1e3", "7 ", "9223372036854775808"}) {
    EXPECT_FALSE(parse_whole<std::int64_t>(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_whole<std::uint64_t>("-1"));
  EXPECT_TRUE(is_digits("9223372036854775808"));
  EXPECT_FALSE(is_digits("-1"));
  EXPECT_FALSE(is_digits(""));
}

// Exact to the nanosecond, where a double of this size steps by 256 ns.
TEST(ParseSeconds, AreExact) {
  EXPECT_EQ(parse_seconds("1700158546.680590001"), 1'700'158'546'680'590'001);
  EXPECT_EQ(parse_seconds("0.25"), 250'000'000);
  EXPECT_EQ(parse_seconds("17"), 17'000'000'000);
  EXPECT_EQ(parse_seconds("5."), 5'000'000'000);
  EXPECT_EQ(parse_seconds(".5"), 500'000'000);
  EXPECT_EQ(parse_seconds("1e-05"), 10'000);
  EXPECT_EQ(parse_seconds("1.5e3"), 1'500'000'000'000);
  EXPECT_EQ(parse_seconds("0.1234567899"), 123'456'789);  // the tenth digit is dropped
  EXPECT_EQ(parse_seconds("9000000000"), kMostSeconds * 1'000'000'000);
  for (const char* wrong : {"", "-1", "-0.5", "1s", "9000000001", "1e99", "nan", "1.2.3"}) {
    EXPECT_FALSE(parse_seconds(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace epfleet::text
