#include "epfleet/timing/collectives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "epfleet/base/random.h"

namespace epfleet::timing {
namespace {

// Draws tokens' experts (4 of 8 groups, then 8 of their 128 experts) and counts the places that
// hold them, experts spread over places in order: the definition, by brute force.
double sampled_distinct_places(std::int64_t places, int tokens) {
  base::Stream stream(base::StreamFamily(7, "test.routing"), static_cast<std::uint64_t>(places));
  std::int64_t sum = 0;
  for (int token = 0; token < tokens; ++token) {
    std::vector<std::int64_t> groups{0, 1, 2, 3, 4, 5, 6, 7};
    std::vector<std::int64_t> candidates;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t j =
          i + static_cast<std::size_t>(stream.uniform() * (8.0 - static_cast<double>(i)));
      std::swap(groups[i], groups[j]);
      for (std::int64_t e = 0; e < 32; ++e) {
        candidates.push_back(groups[i] * 32 + e);
      }
    }
    std::set<std::int64_t> hit;
    for (std::size_t i = 0; i < 8; ++i) {
      const std::size_t j =
          i + static_cast<std::size_t>(stream.uniform() * (128.0 - static_cast<double>(i)));
      std::swap(candidates[i], candidates[j]);
      hit.insert(candidates[i] * places / 256);
    }
    sum += static_cast<std::int64_t>(hit.size());
  }
  return static_cast<double>(sum) / tokens;
}

// 20,000 draws: the standard error is below 0.006 x places^0.5; 0.03 is more than four of them.
TEST(DistinctPlaces, EqualsBruteForce) {
  for (const std::int64_t places : {1, 2, 4, 8, 16, 32, 64, 128, 256}) {
    EXPECT_NEAR(expected_distinct_places(model::Model{}, places),
                sampled_distinct_places(places, 20'000), 0.03)
        << places;
  }
}

// The values worked out from the routing rule for the two published prefill sizes.
TEST(DistinctPlaces, PublishedSizes) {
  EXPECT_NEAR(expected_distinct_places(model::Model{}, 4), 2.93, 0.005);
  EXPECT_NEAR(expected_distinct_places(model::Model{}, 8), 3.63, 0.005);
}

// Three nodes share eight groups: between the values of two and four places, never above three.
TEST(DistinctPlaces, GroupsThatDoNotDivideNodes) {
  const model::Model m;
  const double three = expected_distinct_places(m, 3);
  EXPECT_GT(three, expected_distinct_places(m, 2));
  EXPECT_LT(three, expected_distinct_places(m, 4));
}

// All of a token's experts are somewhere: at most top_k places, and exactly one if there is only
// one.
TEST(DistinctPlaces, Bounds) {
  const model::Model m;
  EXPECT_NEAR(expected_distinct_places(m, 1), 1.0, 1e-12);
  EXPECT_NEAR(expected_distinct_places(m, 256), 8.0, 1e-9);
}

// README of DeepEP at 128 tokens, February 2025 (pure RDMA), EP8..EP256: microseconds.
TEST(LowLatency, FollowsThePublishedTableWithinSixPercent) {
  struct Row {
    std::int64_t gpus;
    double dispatch, combine;
  };
  for (const Row& row : {Row{8, 163, 318}, Row{16, 173, 329}, Row{32, 182, 350}, Row{64, 186, 353},
                         Row{128, 192, 369}, Row{256, 194, 360}}) {
    const LowLatencyAllToAll alone({}, {}, row.gpus, 8, false);
    EXPECT_NEAR(alone.dispatch(128) * 1e6 / row.dispatch, 1.0, 0.06) << row.gpus;
    EXPECT_NEAR(alone.combine(128) * 1e6 / row.combine, 1.0, 0.06) << row.gpus;
  }
}

hardware::HardwareProfile june_2025() {  // configs/parts/h800-2025-06.yaml
  hardware::HardwareProfile p;
  p.low_latency_nvlink = true;
  p.normal_counts_local_node = false;
  p.normal_dispatch_bandwidth = base::BytesPerSecond(44e9);
  p.normal_combine_bandwidth = base::BytesPerSecond(43.4e9);
  p.normal_forward_bandwidth = base::BytesPerSecond(124e9);
  return p;
}

// The same table from June 2025 on, NVLink inside a node: microseconds at 128 tokens.
TEST(LowLatency, FollowsTheTableOfJune2025WithinTenPercent) {
  struct Row {
    std::int64_t gpus;
    double dispatch, combine;
  };
  for (const Row& row : {Row{8, 77, 114}, Row{16, 118, 195}, Row{32, 155, 273}, Row{64, 173, 314},
                         Row{128, 192, 369}, Row{256, 194, 360}}) {
    const LowLatencyAllToAll alone(june_2025(), {}, row.gpus, 8, false);
    EXPECT_NEAR(alone.dispatch(128) * 1e6 / row.dispatch, 1.0, 0.10) << row.gpus;
    EXPECT_NEAR(alone.combine(128) * 1e6 / row.combine, 1.0, 0.10) << row.gpus;
  }
}

// Normal kernels of April 2025 at EP16, 32, 64: GB/s as DeepEP counts them, copies to all distinct
// nodes x bytes / time. In the model NVLink binds at EP16 and EP32, the NIC at EP64.
TEST(NormalAllToAll, FollowsTheTableOfApril2025) {
  struct Row {
    std::int64_t gpus;
    double dispatch, combine;
  };
  const model::Model m;
  for (const Row& row : {Row{16, 43, 43}, Row{32, 58, 57}, Row{64, 51, 50}}) {
    const NormalAllToAll alone(june_2025(), m, row.gpus, 8, false);
    const double copies = expected_distinct_places(m, row.gpus / 8);
    EXPECT_NEAR(copies * 7392 / alone.dispatch_core(1) / 1e9 / row.dispatch, 1.0, 0.06) << row.gpus;
    EXPECT_NEAR(copies * 14336 / alone.combine_core(1) / 1e9 / row.combine, 1.0, 0.06) << row.gpus;
  }
}

// 27 + 1.29 t and 27 + 2.67 t us at the reference of 128 GPUs, to the nanosecond.
TEST(LowLatency, LinearInTokens) {
  const LowLatencyAllToAll alone({}, {}, 128, 8, false);
  EXPECT_NEAR(alone.dispatch(0), 27e-6, 1e-12);
  EXPECT_NEAR(alone.dispatch(100), 156e-6, 1e-12);
  EXPECT_NEAR(alone.combine(100), 294e-6, 1e-12);
}

// 8192 tokens x 2.928 nodes x 7392 B / 44 GB/s = 4.03 ms; x 14336 B / 47 GB/s = 7.32 ms. Beside
// compute x 1.18: the 4.74 and 8.63 ms of the published trace.
TEST(NormalAllToAll, PublishedPrefillUnit) {
  const hardware::HardwareProfile h800;
  const NormalAllToAll alone(h800, model::Model{}, 32, 8, false);
  EXPECT_NEAR(alone.dispatch_core(8192), 4.03e-3, 0.01e-3);
  EXPECT_NEAR(alone.combine_core(8192), 7.32e-3, 0.01e-3);
  const NormalAllToAll beside(h800, model::Model{}, 32, 8, true);
  EXPECT_NEAR(beside.dispatch_core(8192), 4.74e-3, 0.05e-3);
  EXPECT_NEAR(beside.combine_core(8192), 8.63e-3, 0.05e-3);
}

// One node sends nothing over its NICs: tokens x distinct GPUs x bytes / NVLink.
TEST(NormalAllToAll, OneNodeUsesNvlink) {
  const hardware::HardwareProfile h800;
  const model::Model m;
  const NormalAllToAll node(h800, m, 8, 8, false);
  const double expected = 1000.0 * expected_distinct_places(m, 8) * 7392.0 / 155e9;
  EXPECT_NEAR(node.dispatch_core(1000), expected, 1e-12);
}

// A slower link never makes a collective faster.
TEST(NormalAllToAll, NeverFasterOnASlowerLink) {
  const model::Model m;
  const hardware::HardwareProfile fast;
  hardware::HardwareProfile slow = fast;
  slow.normal_dispatch_bandwidth = hardware::BytesPerSecond(20e9);
  EXPECT_GT(NormalAllToAll(slow, m, 32, 8, true).dispatch_core(100),
            NormalAllToAll(fast, m, 32, 8, true).dispatch_core(100));
}

// Knots by doubling: 2^10 = 1024 -> 1.4, 2^11 -> 1.2; half way in log2 is 1024 x sqrt(2).
TEST(Imbalance, InterpolatesInLog2) {
  model::ExpertImbalance imbalance;
  imbalance.max_over_mean.assign(10, 1.6);
  imbalance.max_over_mean.push_back(1.4);
  imbalance.max_over_mean.push_back(1.2);
  EXPECT_NEAR(imbalance_at(imbalance, 1024), 1.4, 1e-9);
  EXPECT_NEAR(imbalance_at(imbalance, 1024.0 * std::sqrt(2.0)), 1.3, 1e-9);
  EXPECT_NEAR(imbalance_at(imbalance, 1e9), 1.2, 1e-12);  // beyond the last knot
  EXPECT_NEAR(imbalance_at(imbalance, 0.5), 1.6, 1e-12);
  EXPECT_EQ(imbalance_at({}, 12345), 1.0);  // none: even
}

}  // namespace
}  // namespace epfleet::timing
