#include "epfleet/serving/link.h"

#include <gtest/gtest.h>

namespace epfleet::serving {
namespace {

using base::Bytes;
using base::BytesPerSecond;
using base::TimePoint;
using std::chrono::seconds;

TimePoint at(int s) { return base::kWindowStart + seconds(s); }

TEST(Link, ServesOneAfterTheOther) {
  Link link(BytesPerSecond(10.0));
  EXPECT_EQ(link.reserve(at(0), Bytes(50)), at(5));
  EXPECT_EQ(link.reserve(at(1), Bytes(20)), at(7));
  EXPECT_EQ(link.reserve(at(10), Bytes(10)), at(11));
}

// 50 B at the slower 5 B/s, once both are free.
TEST(Link, ATransferNeedsBothEndsAndGoesAtTheSlowerOnesRate) {
  for (const bool sender_is_busy : {true, false}) {
    Link from(BytesPerSecond(10.0)), to(BytesPerSecond(5.0));
    (void)(sender_is_busy ? from.reserve(at(0), Bytes(30)) : to.reserve(at(0), Bytes(15)));
    EXPECT_EQ(Link::transfer(from, to, at(1), Bytes(50)), at(13));
    EXPECT_EQ(from.free_at(), at(13));
    EXPECT_EQ(to.free_at(), at(13));
    EXPECT_EQ(Link::transfer(to, from, at(20), Bytes(50)), at(30));
  }
}

TEST(Link, AShareOfItsRateHoldsForWhatComesLater) {
  Link link(BytesPerSecond(10.0));
  (void)link.reserve(at(0), Bytes(50));
  link.set_share(0.5);
  EXPECT_EQ(link.free_at(), at(5));
  EXPECT_EQ(link.reserve(at(0), Bytes(50)), at(15));
  link.set_share(1.0);
  EXPECT_EQ(link.reserve(at(0), Bytes(50)), at(20));
}

}  // namespace
}  // namespace epfleet::serving
