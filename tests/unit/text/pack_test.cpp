#include "epfleet/text/pack.h"

#include <gtest/gtest.h>

namespace epfleet::text {
namespace {

TEST(Pack, Base64OfTheStandardsExamples) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Pack, GzipIsReadAgainAndHasNoTime) {
  const std::string text = "a line\n" + std::string(100'000, 'x') + "\n";
  const std::string packed = gzip(text);
  EXPECT_LT(packed.size(), 1000U);
  EXPECT_EQ(packed.substr(4, 4), std::string(4, '\0'));
  EXPECT_EQ(packed, gzip(text));
}

}  // namespace
}  // namespace epfleet::text
