#include "epfleet/cluster/unit_setup.h"

#include <gtest/gtest.h>

namespace epfleet::cluster {
namespace {

// Membership needs two halves: without overlap there is one batch, and `sticky` changes nothing.
TEST(UnitSetup, HalvesAreKeptOnlyWhereThereAreTwo) {
  FleetSpec spec;
  EXPECT_EQ(decode_limits(spec).microbatch, serving::Microbatch::Reform);
  spec.decode.microbatch = serving::Microbatch::Sticky;
  EXPECT_EQ(decode_limits(spec).microbatch, serving::Microbatch::Sticky);
  spec.decode.overlap = serving::Overlap::None;
  EXPECT_EQ(decode_limits(spec).microbatch, serving::Microbatch::Reform);
}

}  // namespace
}  // namespace epfleet::cluster
