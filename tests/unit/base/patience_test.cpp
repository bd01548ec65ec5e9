#include "epfleet/base/patience.h"

#include <gtest/gtest.h>

namespace epfleet::base {
namespace {

TEST(Patience, LastsWhileTheOtherComesAndIsTriedAgainAfterItWasInVain) {
  Patience patience;
  for (int wait = 0; wait < 1000; ++wait) {
    ASSERT_TRUE(patience.stays_awake());
    patience.met_awake();
  }
  int awake = 0;
  for (int wait = 0; wait < 640; ++wait) {
    awake += patience.stays_awake() ? 1 : 0;
    patience.slept();
  }
  EXPECT_EQ(awake, 4 + 9);  // the first four, and one in 64
  while (!patience.stays_awake()) {
    patience.slept();
  }
  patience.met_awake();
  EXPECT_TRUE(patience.stays_awake());
}

}  // namespace
}  // namespace epfleet::base
