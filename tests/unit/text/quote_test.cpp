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

TEST(Quote, JsonStrings) {
  EXPECT_EQ(json_string("a"), "\"a\"");
  EXPECT_EQ(json_string("\"\\\n"), "\"\\\"\\\\\\u000a\"");
}

}  // namespace
}  // namespace epfleet::text
