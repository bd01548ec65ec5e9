#include "epfleet/base/time.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epfleet/base/error.h"

namespace epfleet::base {
namespace {

TEST(Time, ADoubleBecomesTimeRoundedUp) {
  EXPECT_EQ(duration_from_seconds(1.5).count(), 1'500'000'000);
  EXPECT_EQ(duration_from_seconds(1e-12).count(), 1);  // work > 0 never takes 0 ns
  EXPECT_EQ(duration_from_seconds(0.0).count(), 0);
  EXPECT_EQ(duration_from_seconds(-0.0).count(), 0);
  EXPECT_EQ(duration_from_seconds(9.19e9).count(), 9'190'000'000'000'000'000);
}

TEST(Time, RefusesWhatIsNoDuration) {
  EXPECT_THROW((void)duration_from_seconds(-1.0), InvariantBroken);
  EXPECT_THROW((void)duration_from_seconds(-1e-300), InvariantBroken);
  EXPECT_THROW((void)duration_from_seconds(std::nan("")), InvariantBroken);
  EXPECT_THROW((void)duration_from_seconds(-std::nan("")), InvariantBroken);
  EXPECT_THROW((void)duration_from_seconds(HUGE_VAL), InvariantBroken);
  EXPECT_THROW((void)duration_from_seconds(1e12), InvariantBroken);
}

// The nearest double of n / 1e9: whole seconds are whole, and 0.1 s is the double that prints as
// 0.1. Multiplying by 1e-9 gives 60.00000000000001 for 60 s.
TEST(Time, SecondsAreTheNearestDouble) {
  for (int whole = 0; whole <= 86'400; ++whole) {
    EXPECT_EQ(to_seconds(std::chrono::seconds(whole)), whole);
  }
  EXPECT_EQ(to_seconds(std::chrono::milliseconds(100)), 0.1);
  EXPECT_EQ(to_seconds(kWindowStart - std::chrono::seconds(60)), -60.0);
}

TEST(Time, BytesOverARateIsTime) {
  // 80 GB at 40 GB/s = 2 s
  EXPECT_EQ(Bytes(80'000'000'000) / BytesPerSecond(40e9), std::chrono::seconds(2));
}

TEST(Time, PriceTimesTimeIsMoney) {
  // 2 USD/h for 90 min = 3 USD
  EXPECT_DOUBLE_EQ((UsdPerHour(2.0) * std::chrono::minutes(90)).count(), 3.0);
}

TEST(Error, AProblemReadsPlaceKeyWhatRemedy) {
  const Problem problem{"a.yaml", 3, 7, "decode.gpu", "unknown key", "did you mean 'decode.gpus'?"};
  EXPECT_EQ(problem.text(), "a.yaml:3:7: decode.gpu: unknown key; did you mean 'decode.gpus'?");
}

}  // namespace
}  // namespace epfleet::base
