#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "epfleet/policy/registry.h"

namespace epfleet::policy {
namespace {

using base::TokenParts;
using base::TokenParts32;

constexpr DecodeDemand kSmallest{TokenParts32(1)};

// How often each candidate is taken in 30,000 choices, by prefill, decode unit and decode GPU rule:
// tokens and attention work, or requests and KV, of each.
std::vector<std::vector<int>> choices(const std::vector<int>& first,
                                      const std::vector<int>& second) {
  std::vector<std::uint32_t> open(first.size());
  std::iota(open.begin(), open.end(), 0U);
  const std::vector<float> tokens(first.begin(), first.end());
  const std::vector<float> pairs(second.begin(), second.end());
  const auto sum = [](const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0); };
  const auto tokens_sum = static_cast<float>(sum(first)),
             pairs_sum = static_cast<float>(sum(second));
  const std::vector<double> units(first.begin(), first.end());
  std::vector<float> gpus(first.begin(), first.end());  // with one more
  std::transform(gpus.begin(), gpus.end(), gpus.begin(), [](float n) { return n + 1.0F; });
  const std::vector<double> units_kv(second.begin(), second.end());
  const std::vector<TokenParts32> gpus_kv(second.begin(), second.end());
  const DecodeGpuView gpu_view{
      gpus, gpus_kv, sum(first), TokenParts(sum(second)), 1'000'000, TokenParts32(1 << 20)};
  const auto prefill = prefill_unit_rules()["power_of_two"](1);
  const auto unit = decode_unit_rules()["power_of_two"](1);
  const auto gpu = decode_gpu_rules()["power_of_two"](1);
  std::vector<std::vector<int>> counts(3, std::vector<int>(first.size(), 0));
  for (int i = 0; i < 30'000; ++i) {
    ++counts[0][prefill->choose({1.0F, 1.0F}, {open, tokens, pairs, tokens_sum, pairs_sum})];
    ++counts[1][unit->choose(kSmallest, {open, units, units_kv})];
    ++counts[2][*gpu->choose(kSmallest, gpu_view)];
  }
  return counts;
}

const std::vector<int> kRising{0, 100, 200, 300, 400, 500, 600, 700, 800, 900};
const std::vector<int> kNearlyEven{450, 451, 452, 453, 454, 455, 456, 457, 458, 459};

// Of ten candidates with loads 0 .. 9, the worse of two drawn at random is never taken: the least
// loaded one is chosen in 19 % of cases (1 - 0.9^2), the most loaded in 1 % (drawn twice). 30,000
// choices: 5,700 and 300 on average, with deviations of 68 and 17. Among the upper half the rising
// measure decides, whichever it is, among the lower half the other, of which all have about 10 %.
TEST(PowerOfTwo, PrefersTheLessLoadedOfTwoByEitherMeasure) {
  for (const auto& [first, second] :
       {std::pair(kRising, kNearlyEven), std::pair(kNearlyEven, kRising)}) {
    for (const std::vector<int>& count : choices(first, second)) {
      EXPECT_NEAR(count.front(), 5'700, 5 * 68);
      EXPECT_NEAR(count.back(), 300, 5 * 17);
    }
  }
}

// 0.6 and 0.1 against 0.4 and 0.9: the larger share counts, whichever measure it is of. The worse
// one is taken where it is drawn twice: 7,500 of 30,000, with a deviation of 75.
TEST(PowerOfTwo, TheLargerOfBothSharesDecides) {
  const std::vector<int> even{600, 400}, uneven{100, 900};
  for (const auto& [first, second] : {std::pair(even, uneven), std::pair(uneven, even)}) {
    for (const std::vector<int>& count : choices(first, second)) {
      EXPECT_NEAR(count[1], 7'500, 5 * 75);
    }
  }
}

TEST(PowerOfTwo, SeesOnlyGpusWithRoom) {
  const std::vector<float> with_one_more{101, 101, 51, 101};
  const std::vector kv{TokenParts32(0), TokenParts32(0), TokenParts32(900), TokenParts32(0)};
  const auto rule = decode_gpu_rules()["power_of_two"](1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(
        rule->choose(kSmallest, {with_one_more, kv, 350, TokenParts(900), 100, TokenParts32(1000)}),
        2U);
  }
}

}  // namespace
}  // namespace epfleet::policy
