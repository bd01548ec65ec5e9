#include <gtest/gtest.h>

#include <vector>

#include "epfleet/policy/registry.h"

namespace epfleet::policy {
namespace {

using base::TokenParts;
using base::TokenParts32;

constexpr DecodeDemand kOnePart{TokenParts32(1)};

// Of ten candidates with loads 0 .. 9, the worse of two drawn at random is never taken: the least
// loaded one is chosen in 19 % of cases (1 - 0.9^2), the most loaded in 1 % (drawn twice). 30,000
// choices: 5,700 and 300 on average, with deviations of 68 and 17.
TEST(PowerOfTwo, PrefersTheLessLoadedOfTwo) {
  const std::vector<std::uint32_t> open{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<float> load(10);
  std::vector<std::int64_t> units(10);
  std::vector<std::int32_t> gpus(10);
  for (std::size_t i = 0; i < 10; ++i) {
    load[i] = static_cast<float>(i);
    units[i] = static_cast<std::int64_t>(i);
    gpus[i] = static_cast<std::int32_t>(i);
  }
  const std::vector<TokenParts> units_kv(units.begin(), units.end());
  const std::vector<TokenParts32> gpus_kv(gpus.begin(), gpus.end());
  const auto prefill = prefill_unit_rules()["power_of_two"](1);
  const auto unit = decode_unit_rules()["power_of_two"](1);
  const auto gpu = decode_gpu_rules()["power_of_two"](1);
  std::vector<std::vector<int>> counts(3, std::vector<int>(10, 0));
  for (int i = 0; i < 30'000; ++i) {
    ++counts[0][prefill->choose({1.0F, 1.0F}, {open, load, load, 45.0F, 45.0F})];
    ++counts[1][unit->choose(kOnePart, {open, units, units_kv})];
    ++counts[2][*gpu->choose(kOnePart,
                             {gpus, gpus_kv, 45, TokenParts(45), 100, TokenParts32(1 << 20)})];
  }
  for (const std::vector<int>& count : counts) {
    EXPECT_NEAR(count.front(), 5'700, 5 * 68);
    EXPECT_NEAR(count.back(), 300, 5 * 17);
  }
}

TEST(PowerOfTwo, SeesOnlyGpusWithRoom) {
  const std::vector<std::int32_t> requests{100, 100, 50, 100};
  const std::vector kv{TokenParts32(0), TokenParts32(0), TokenParts32(900), TokenParts32(0)};
  const auto rule = decode_gpu_rules()["power_of_two"](1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(rule->choose(kOnePart, {requests, kv, 350, TokenParts(900), 100, TokenParts32(1000)}),
              2U);
  }
}

}  // namespace
}  // namespace epfleet::policy
