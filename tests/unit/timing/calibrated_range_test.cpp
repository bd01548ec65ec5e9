#include "epfleet/timing/calibrated_range.h"

#include <gtest/gtest.h>

namespace epfleet::timing {
namespace {

// 400 drafts-and-tokens in a micro-batch, 40,000 tokens a request, 320 GPUs: three sentences, each
// with its range.
TEST(CalibratedRange, SaysWhatLeftWhichRange) {
  const std::vector<std::string> outside = outside_calibration(kDecodeRanges, {400, 40'000, 320});
  ASSERT_EQ(outside.size(), 3U);
  EXPECT_EQ(outside[0], "400 tokens of a GPU in a micro-batch; calibrated up to 256");
  EXPECT_EQ(outside[1], "40000 tokens of KV per request; calibrated up to 32768");
  EXPECT_EQ(outside[2], "320 GPUs of a low-latency all-to-all; calibrated 8 to 256");
  EXPECT_TRUE(outside_calibration(kPrefillRanges, {16'384, 2'048, 32}).empty());
  EXPECT_EQ(outside_calibration(kPrefillRanges, {100, 50'000, 32}).size(), 2U);
}

}  // namespace
}  // namespace epfleet::timing
