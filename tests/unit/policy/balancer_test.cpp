#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/policy/loads.h"
#include "epfleet/policy/registry.h"

namespace epfleet::policy {
namespace {

using base::TokenParts;
using base::TokenParts32;

constexpr DecodeDemand kOnePart{TokenParts32(1)};

std::vector<TokenParts32> parts(const std::vector<std::int32_t>& counts) {
  return {counts.begin(), counts.end()};
}

struct Gpus {
  std::vector<std::int32_t> requests;
  std::vector<TokenParts32> kv;
  std::int32_t request_limit = 128;
  TokenParts32 kv_limit{1 << 30};
  mutable std::vector<float> with_one_more{};  // of the latest view
  [[nodiscard]] DecodeGpuView view() const {
    with_one_more.clear();
    for (const std::int32_t placed : requests) {
      with_one_more.push_back(static_cast<float>(placed + 1));
    }
    return {with_one_more,
            kv,
            std::accumulate(requests.begin(), requests.end(), std::int64_t{0}),
            std::accumulate(kv.begin(), kv.end(), TokenParts()),
            request_limit,
            kv_limit};
  }
};

Gpus random_gpus(std::uint64_t seed, std::size_t count) {
  base::Stream draw(base::StreamFamily(seed, "balancer_test"), 0);
  Gpus gpus;
  for (std::size_t i = 0; i < count; ++i) {
    gpus.requests.push_back(static_cast<std::int32_t>(draw.bits() % 100));
    gpus.kv.emplace_back(static_cast<std::int32_t>(draw.bits() % 100'000'000));
  }
  return gpus;
}

// The joint rule in words: the least max(KV / mean KV, n / mean n), both after the placement.
double joint_score(const Gpus& gpus, std::size_t i, TokenParts32 ask) {
  const double n = std::accumulate(gpus.requests.begin(), gpus.requests.end(), 1.0);
  const TokenParts kv =
      std::accumulate(gpus.kv.begin(), gpus.kv.end(), TokenParts(1) + TokenParts(ask));
  return std::max((gpus.requests[i] + 1) / n, (TokenParts(gpus.kv[i]) + ask) / kv);
}

TEST(DecodeJoint, PicksTheLeastMaximumOfBothShares) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Gpus gpus = random_gpus(seed, 144);
    const TokenParts32 ask(1'200'000);
    const auto rule = decode_gpu_rules()["joint"](1);
    const auto choice = rule->choose({ask}, gpus.view());
    ASSERT_TRUE(choice);
    double least = 1e300;
    for (std::size_t i = 0; i < 144; ++i) {
      least = std::min(least, joint_score(gpus, i, ask));
    }
    // scores are compared to 2^-14: the index shares their mantissa
    EXPECT_LE(joint_score(gpus, *choice, ask), least * (1.0 + 1.0 / 8192)) << "seed " << seed;
  }
}

// A search over all, one GPU or unit far less loaded than the others.
TEST(Balancers, FindTheIdleOneOfAnyNumber) {
  for (const std::size_t count : {512, 513, 1024, 1025, 4096, 65'535}) {
    for (const std::size_t idle : {std::size_t{0}, count / 2, count - 1}) {
      std::vector<std::uint32_t> open(count);
      std::iota(open.begin(), open.end(), 0U);
      std::vector<float> load(count, 1000.0F);
      load[idle] = 1.0F;
      const float total = 1000.0F * static_cast<float>(count);
      for (const char* name : {"joint", "least_queued_tokens", "least_attention_work", "ideal"}) {
        EXPECT_EQ(
            prefill_unit_rules()[name](1)->choose({1.0F, 1.0F}, {open, load, load, total, total}),
            idle)
            << name << " of " << count;
      }
      if (count > 4096) {
        continue;  // units, not GPUs of one
      }
      Gpus gpus{std::vector<std::int32_t>(count, 100),
                std::vector<TokenParts32>(count, TokenParts32(100'000))};
      gpus.requests[idle] = 10;
      gpus.kv[idle] = TokenParts32(10'000);
      for (const char* name : {"joint", "fewest_requests", "least_kv", "weighted_sum", "ideal"}) {
        EXPECT_EQ(decode_gpu_rules()[name](1)->choose(kOnePart, gpus.view()), idle)
            << name << " of " << count;
      }
    }
  }
}

TEST(DecodeRules, NeverChooseAGpuWithoutRoomAndSayWhenThereIsNone) {
  for (const auto& name : decode_gpu_rules().rows()) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Gpus gpus = random_gpus(seed, 32);
      gpus.request_limit = 50;
      gpus.kv_limit = TokenParts32(50'000'000);
      const TokenParts32 ask(1'000'000);
      const auto rule = decode_gpu_rules()[name.name](seed);
      const auto choice = rule->choose({ask}, gpus.view());
      ASSERT_TRUE(choice) << name.name;
      EXPECT_LT(gpus.requests[*choice], 50) << name.name;
      EXPECT_LE(gpus.kv[*choice] + ask, gpus.kv_limit) << name.name;
      gpus.request_limit = 0;
      EXPECT_FALSE(rule->choose({ask}, gpus.view())) << name.name;
    }
  }
}

TEST(DecodeRules, FewestRequestsAndLeastKvPickTheirMinimum) {
  const Gpus gpus{{5, 3, 9, 3}, parts({10, 40, 30, 20})};
  EXPECT_EQ(decode_gpu_rules()["fewest_requests"](1)->choose(kOnePart, gpus.view()), 1U);
  EXPECT_EQ(decode_gpu_rules()["least_kv"](1)->choose(kOnePart, gpus.view()), 0U);
}

TEST(DecodeRules, RoundRobinVisitsEveryGpuOnceARound) {
  const Gpus gpus{{0, 0, 0}, parts({0, 0, 0})};
  const auto rule = decode_gpu_rules()["round_robin"](1);
  std::vector<std::uint32_t> order;
  for (int i = 0; i < 4; ++i) {
    order.push_back(*rule->choose(kOnePart, gpus.view()));
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 1, 2, 0}));
}

// Shares of 400 and 400 against 500 and 100: the sum prefers the second, the maximum the first.
TEST(DecodeRules, WeightedSumTradesOneMeasureForTheOther) {
  const Gpus gpus{{39, 49}, parts({400, 100})};
  EXPECT_EQ(decode_gpu_rules()["weighted_sum"](1)->choose({}, gpus.view()), 1U);
}

TEST(DecodeUnitRules, ChooseOnlyAmongTheOpen) {
  const std::vector<std::uint32_t> open{1, 4, 6};
  // The closed ones are empty: a rule that looked at them would choose them.
  DecodeLoads loads(8);
  loads.set(1, 9, TokenParts(500));
  loads.set(4, 7, TokenParts(700));
  loads.set(6, 8, TokenParts(900));
  for (const std::uint32_t candidate : open) {
    loads.open(candidate);
  }
  for (const auto& name : decode_unit_rules().rows()) {
    const auto rule = decode_unit_rules()[name.name](3);
    for (int i = 0; i < 100; ++i) {
      const std::uint32_t choice = rule->choose(kOnePart, loads.view());
      EXPECT_TRUE(std::find(open.begin(), open.end(), choice) != open.end()) << name.name;
    }
  }
}

// `ideal` places as `joint` does, one GPU after the other on every machine, where `joint` takes
// eight at a time if the processor can: the same choice, for any number of GPUs, full ones too.
TEST(DecodeGpuRules, JointChoosesTheSameByEightsAndOneByOne) {
  for (const std::size_t count : {1U, 7U, 8U, 9U, 15U, 16U, 31U, 144U, 145U, 320U, 600U}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Gpus gpus = random_gpus(seed, count);
      gpus.request_limit = static_cast<std::int32_t>(seed % 3 == 0 ? 20 : 128);
      const DecodeDemand demand{TokenParts32(static_cast<std::int32_t>(1 + seed * 100'000))};
      EXPECT_EQ(decode_gpu_rules()["joint"](1)->choose(demand, gpus.view()),
                decode_gpu_rules()["ideal"](1)->choose(demand, gpus.view()))
          << count << " GPUs, seed " << seed;
    }
  }
}

DecodeLoads loads_of(const std::vector<std::int64_t>& requests,
                     const std::vector<std::int64_t>& kv) {
  DecodeLoads loads(requests.size());
  for (std::uint32_t unit = 0; unit < requests.size(); ++unit) {
    loads.set(unit, requests[unit], TokenParts(kv[unit]));
    loads.open(unit);
  }
  return loads;
}

// What a closed unit has is in no sum and not shown, whether it comes before or after the closing.
TEST(DecodeUnitRules, SumsAreOfTheOpenUnits) {
  DecodeLoads loads = loads_of({5, 3, 2}, {50, 30, 20});
  loads.close(1);
  loads.set(1, 7, TokenParts(70));
  loads.add(2, 1, TokenParts(10));
  EXPECT_EQ(loads.view().requests_total, 5 + 3);
  EXPECT_EQ(loads.view().kv_total, 50 + 30);
  EXPECT_EQ(loads.view().requests[1], DecodeUnitView::kClosed);
  EXPECT_EQ(loads.view().kv[1], DecodeUnitView::kClosed);
  loads.open(1);
  EXPECT_EQ(loads.view().requests_total, 5 + 7 + 3);
  EXPECT_EQ(loads.view().kv_total, 50 + 70 + 30);
}

// Unit 0 has 500 of 1,000 requests and none of the KV, unit 1 300 and 300, unit 2 200 and 700.
// Sums of shares: 0.5, 0.6, 0.9; larger shares: 0.5, 0.3, 0.7.
TEST(DecodeUnitRules, WeightedSumTradesOneMeasureForTheOtherAndJointDoesNot) {
  const DecodeLoads loads = loads_of({500, 300, 200}, {0, 300'000, 700'000});
  const DecodeUnitView& view = loads.view();
  EXPECT_EQ(decode_unit_rules()["weighted_sum"](1)->choose(kOnePart, view), 0U);
  EXPECT_EQ(decode_unit_rules()["joint"](1)->choose(kOnePart, view), 1U);
  EXPECT_EQ(decode_unit_rules()["fewest_requests"](1)->choose(kOnePart, view), 2U);
}

// What either measure alone would choose is not what the other would.
TEST(DecodeUnitRules, LeastKvAndFewestRequestsLookAtTheirOwnMeasure) {
  const DecodeLoads loads = loads_of({100, 300, 200}, {900'000, 100'000, 500'000});
  const DecodeUnitView& view = loads.view();
  EXPECT_EQ(decode_unit_rules()["fewest_requests"](1)->choose(kOnePart, view), 0U);
  EXPECT_EQ(decode_unit_rules()["least_kv"](1)->choose(kOnePart, view), 1U);
  EXPECT_EQ(decode_unit_rules()["joint"](1)->choose(kOnePart, view), 2U);
}

// 30,000 draws over 3 units: each 10,000 on average with a deviation of 82; 500 is six of them. The
// same seed draws the same, another seed otherwise.
TEST(DecodeUnitRules, RandomIsFairAndFollowsItsSeed) {
  const std::vector<std::uint32_t> open{2, 5, 7};
  const std::vector<double> load(8), kv(8);
  const auto rule = decode_unit_rules()["random"](11);
  const auto twin = decode_unit_rules()["random"](11);
  const auto other = decode_unit_rules()["random"](12);
  std::vector<int> counts(8, 0);
  int same_as_other = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint32_t choice = rule->choose(kOnePart, {open, load, kv});
    EXPECT_EQ(twin->choose(kOnePart, {open, load, kv}), choice);
    same_as_other += other->choose(kOnePart, {open, load, kv}) == choice ? 1 : 0;
    ++counts[choice];
  }
  for (const std::uint32_t unit : open) {
    EXPECT_NEAR(counts[unit], 10'000, 500) << unit;
  }
  EXPECT_NEAR(same_as_other, 10'000, 500);
}

TEST(PrefillRules, ChooseOnlyAmongTheOpen) {
  const std::vector<std::uint32_t> open{1, 4, 6};
  // The closed ones are empty: a rule that looked at them would choose them.
  PrefillLoads loads(8);
  loads.set(1, 30.0, 100.0);
  loads.set(4, 10.0, 300.0);
  loads.set(6, 20.0, 200.0);
  for (const std::uint32_t candidate : open) {
    loads.open(candidate);
  }
  for (const auto& name : prefill_unit_rules().rows()) {
    const auto rule = prefill_unit_rules()[name.name](3);
    std::set<std::uint32_t> chosen;
    for (int i = 0; i < 100; ++i) {
      chosen.insert(rule->choose({100.0F, 1000.0F}, loads.view()));
    }
    for (const std::uint32_t choice : chosen) {
      EXPECT_TRUE(std::find(open.begin(), open.end(), choice) != open.end()) << name.name;
    }
  }
}

TEST(PrefillRules, JointLooksAtBothMeasures) {
  PrefillLoads loads(3);
  loads.restart();
  loads.set(0, 10.0, 900.0);
  loads.set(1, 90.0, 100.0);
  loads.set(2, 50.0, 500.0);
  const PrefillView& view = loads.view();
  EXPECT_EQ(prefill_unit_rules()["least_queued_tokens"](1)->choose({1.0F, 1.0F}, view), 0U);
  EXPECT_EQ(prefill_unit_rules()["least_attention_work"](1)->choose({1.0F, 1.0F}, view), 1U);
  EXPECT_EQ(prefill_unit_rules()["joint"](1)->choose({1.0F, 1.0F}, view), 2U);
}

// As of decode: closed candidates are in between.
TEST(PrefillRules, JointChoosesTheSameByEightsAndOneByOne) {
  base::Stream draw(base::StreamFamily(5, "balancer_test"), 0);
  for (const std::size_t count : {1U, 3U, 8U, 9U, 29U, 32U, 64U, 272U}) {
    PrefillLoads loads(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      loads.set(i, static_cast<double>(draw.bits() % 100'000),
                static_cast<double>(draw.bits() % 1'000'000));
      if (i == 0 || draw.bits() % 4 != 0) {
        loads.open(i);
      }
    }
    for (int i = 0; i < 50; ++i) {
      const PrefillDemand demand{static_cast<float>(draw.bits() % 5'000),
                                 static_cast<float>(draw.bits() % 50'000)};
      EXPECT_EQ(prefill_gpu_rules()["joint"](1)->choose(demand, loads.view()),
                prefill_gpu_rules()["ideal"](1)->choose(demand, loads.view()))
          << count << " candidates";
    }
  }
}

// The least of the larger shares, in words.
TEST(DecodeUnitRules, JointChoosesTheSameByFoursAsInWords) {
  base::Stream draw(base::StreamFamily(6, "balancer_test"), 0);
  for (const std::uint32_t count : {1U, 3U, 4U, 5U, 9U, 90U}) {
    for (int round = 0; round < 50; ++round) {
      DecodeLoads loads(count);
      double requests = 1.0, kv = 1.0;
      std::vector<std::pair<double, double>> open(count, {-1.0, -1.0});
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto n = static_cast<std::int64_t>(draw.bits() % 10'000);
        const auto parts = static_cast<std::int64_t>(draw.bits() % 10'000'000'000);
        loads.set(i, n, TokenParts(parts));
        if (i == 0 || draw.bits() % 3 != 0) {
          loads.open(i);
          open[i] = {static_cast<double>(n), static_cast<double>(parts)};
          requests += open[i].first;
          kv += open[i].second;
        }
      }
      std::uint32_t least = 0;
      const auto share = [&](std::uint32_t i) {
        return std::max(open[i].first / requests, open[i].second / kv);
      };
      for (std::uint32_t i = 1; i < count; ++i) {
        least = open[i].first >= 0.0 && share(i) < share(least) ? i : least;
      }
      EXPECT_EQ(decode_unit_rules()["joint"](1)->choose(kOnePart, loads.view()), least) << count;
    }
  }
}

TEST(Registry, AWrongNameListsTheChoices) {
  try {
    (void)decode_unit_rules()["fewest"];
    FAIL() << "accepted";
  } catch (const base::InputError& error) {
    std::string names;
    for (const base::Choice& choice : decode_unit_rules().choices()) {
      names += (names.empty() ? "" : ", ") + std::string(choice.name);
    }
    EXPECT_GE(decode_unit_rules().rows().size(), 8U);
    EXPECT_EQ(error.what(), "decode.balancer.unit: no rule named 'fewest'; choose one of " + names);
  }
}

}  // namespace
}  // namespace epfleet::policy
