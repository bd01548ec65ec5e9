// The phases of a start, and what makes one longer than another.
#include "epfleet/cluster/start_up.h"

#include <gtest/gtest.h>

#include "support/small_fleet.h"

namespace epfleet::cluster {
namespace {

using std::chrono::seconds;

FleetSpec with(const std::vector<std::string>& keys) { return test::small_fleet(1, keys); }

TEST(StartUp, IsTheSumOfItsPhases) {
  const FleetSpec spec =
      with({"scaling.start_up={node: 5 s, container: 10 s, weights: 20 s, compile: 40 s, "
            "graphs: 80 s}"});
  EXPECT_EQ(decode_start_up(spec, 1), seconds(155));
  EXPECT_EQ(prefill_start_up(spec, 1), seconds(155));
}

TEST(StartUp, ADurationStandsForAllOfThemUntilAPhaseIsStated) {
  EXPECT_EQ(decode_start_up(with({"scaling.start_up=90 s"}), 1), seconds(90));
  EXPECT_EQ(decode_start_up(with({"scaling.start_up=90 s", "scaling.start_up.compile=1 s",
                                  "scaling.start_up.container=1 s", "scaling.start_up.graphs=1 s",
                                  "scaling.start_up.weights=1 s"}),
                            1),
            seconds(4));
}

// bytes of the node's GPUs / min(NVMe, NIC, share of the store)
TEST(StartUp, WeightsComeThroughTheNarrowest) {
  const std::vector<std::string> only_weights = {
      "scaling.start_up={container: 0 s, compile: 0 s, "
      "graphs: 0 s, store_bandwidth: 1000 GB/s}"};
  FleetSpec spec = with(only_weights);
  const double bytes = static_cast<double>(decode_memory(spec).weights.count()) * 8.0;
  const auto seconds_of = [&](std::int64_t loading) {
    return base::to_seconds(decode_start_up(spec, loading));
  };
  const double nic = spec.decode_hardware.storage_bandwidth.count();
  EXPECT_NEAR(seconds_of(4), bytes / nic, 1e-6);
  EXPECT_NEAR(seconds_of(100), bytes / 10e9, 1e-6);  // 1,000 GB/s over 100 nodes
  spec.scaling.start_up.nvme_bandwidth = base::BytesPerSecond(5e9);
  EXPECT_NEAR(seconds_of(4), bytes / 5e9, 1e-6);
}

TEST(StartUp, AUnitWaitsForItsSlowestNode) {
  const FleetSpec spec = with({"scaling.start_up.spread=50 %"});
  double one = 0.0, eighteen = 0.0;
  constexpr int kStarts = 500;
  for (int start = 0; start < kStarts; ++start) {
    const auto of = [&](std::int64_t nodes) {
      return draw_start(spec, "decode", seconds(100), nodes, 0, static_cast<std::uint64_t>(start));
    };
    EXPECT_GE(of(1).duration, seconds(100));
    EXPECT_LE(of(18).duration, seconds(150));
    one += base::to_seconds(of(1).duration) / kStarts;
    eighteen += base::to_seconds(of(18).duration) / kStarts;
  }
  // 100 s x (1 + 0.5 x n / (n + 1))
  EXPECT_NEAR(one, 125.0, 2.5);
  EXPECT_NEAR(eighteen, 147.4, 0.5);
}

}  // namespace
}  // namespace epfleet::cluster
