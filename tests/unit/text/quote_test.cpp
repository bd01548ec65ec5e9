#include "epfleet/text/quote.h"

#include <gtest/gtest.h>

namespace epfleet::text {
namespace {

TEST(Quote, CsvFieldsOnlyWhereNeeded) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"a\""), "\"say \"\"a\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

// A reader takes blanks around a field for no part of it, and a line with # in front for a comment.
TEST(Quote, CsvFieldsThatAReaderWouldCutOff) {
  EXPECT_EQ(csv_field(" "), "\" \"");
  EXPECT_EQ(csv_field("a "), "\"a \"");
  EXPECT_EQ(csv_field("\ta"), "\"\ta\"");
  EXPECT_EQ(csv_field("a\r"), "\"a\r\"");
  EXPECT_EQ(csv_field("#1"), "\"#1\"");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a b#"), "a b#");
}

TEST(Quote, JsonStrings) {
  EXPECT_EQ(json_string("a"), "\"a\"");
  EXPECT_EQ(json_string("\"\\\n"), "\"\\\"\\\\\\u000a\"");
}

}  // namespace
}  // namespace epfleet::text
