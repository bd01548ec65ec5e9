// Equation: the first place of the least load, as std::min_element finds it.
#include "../src/policy/least_loaded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "epfleet/base/random.h"

namespace epfleet::policy {
namespace {

TEST(LeastLoaded, IsWhatASearchFinds) {
  base::Stream draw(base::StreamFamily(1, "test"), 0);
  for (int round = 0; round < 500; ++round) {
    const std::size_t size = 1 + draw.bits() % (round % 10 == 0 ? 3000 : 40);
    std::vector<std::uint32_t> open(size);
    std::iota(open.begin(), open.end(), static_cast<std::uint32_t>(draw.bits() % 7));
    std::vector<double> loads(open.back() + 1);
    for (double& load : loads) {  // with ties
      load = static_cast<double>(draw.bits() % (round % 2 == 0 ? 5 : 1'000'000));
    }
    const auto load = [&](std::uint32_t i) { return loads[i]; };
    const auto expected =
        std::min_element(open.begin(), open.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return loads[a] < loads[b]; });
    EXPECT_EQ(least_loaded(open, load), *expected) << size << " candidates";
  }
}

TEST(LeastLoaded, WhatRoundingLeavesBelowZeroCountsAsZero) {
  const std::vector<std::uint32_t> open{0, 1, 2};
  const std::vector<float> loads{0.5F, -1e-9F, -0.0F};
  EXPECT_EQ(least_loaded(open, [&](std::uint32_t i) { return loads[i]; }), 1U);
}

}  // namespace
}  // namespace epfleet::policy
