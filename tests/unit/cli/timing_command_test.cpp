#include "../src/cli/timing_command.h"

#include <gtest/gtest.h>

#include <string>

#include "epfleet/base/error.h"

namespace epfleet::cli {
namespace {

TEST(ParseCount, WholeNumbersAndKilo) {
  EXPECT_EQ(parse_count("--context", "1"), 1);
  EXPECT_EQ(parse_count("--context", "4096"), 4096);
  EXPECT_EQ(parse_count("--context", "16k"), 16'384);
  EXPECT_EQ(parse_count("--context", "1K"), 1'024);
  EXPECT_EQ(parse_count("--context", "1073741824"), 1 << 30);
}

TEST(ParseCount, EverythingElseIsRefusedByName) {
  for (const std::string text : {"", "0", "0k", "-1", "+1", "1.5", "k", "4 k", "1kk", "0x10", "nan",
                                 "1073741825", "1048577k", "99999999999999999999"}) {
    try {
      (void)parse_count("--context", text);
      ADD_FAILURE() << text;
    } catch (const base::InputError& error) {
      EXPECT_EQ(error.problems().front().key, "--context");
      EXPECT_NE(error.problems().front().what.find("'" + text + "'"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace epfleet::cli
