#include "epfleet/hardware/profile.h"

#include <gtest/gtest.h>

namespace epfleet::hardware {
namespace {

// 132 SMs less the 24 of the all-to-all leave the 108 that the published prefill profile computes
// on.
TEST(HardwareProfile, PrefillComputesOn108Sms) {
  const HardwareProfile h800;
  EXPECT_EQ(h800.sms - h800.prefill_comm_sms, 108);
}

// As the published service counts its nodes: 18 of decode are 144 GPUs.
TEST(HardwareProfile, ANodeHasEightGpus) { EXPECT_EQ(HardwareProfile{}.gpus_per_node * 18, 144); }

// 40 GiB/s = 40 x 2^30 B/s; written in decimal in the profile.
TEST(HardwareProfile, StorageBandwidthIs40GibPerSecond) {
  EXPECT_DOUBLE_EQ(HardwareProfile{}.storage_bandwidth.count(), 40.0 * 1'073'741'824.0);
}

// Bytes / BytesPerSecond is a duration: a GPU's memory over PCIe takes 84.943110144 / 55 s, rounded
// up.
TEST(HardwareProfile, RatesWorkWithTheUnitsOfBase) {
  const HardwareProfile h800;
  EXPECT_EQ((h800.memory / h800.pcie_bandwidth).count(), 1'544'420'185);
}

}  // namespace
}  // namespace epfleet::hardware
