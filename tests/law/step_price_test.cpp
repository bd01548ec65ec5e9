// Of the units of shipped scenarios, experts as skewed as they are there:
//     less work never takes longer: a request, a token, a prompt, a key less
//     a little more work takes a little longer: no step of the price where load grows by one
//     a step with next to nothing to do takes next to nothing of what a full step takes
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/loader.h"
#include "support/places.h"

namespace epfleet::test {
namespace {

using base::TokenParts32;

struct Unit {
  std::string overlap;
  cluster::FleetSpec spec;
  cluster::StepPricers pricers;
};

std::vector<Unit> make_units(const std::string& hardware) {
  std::vector<Unit> all;
  for (const std::string overlap : {"auto", "dual_batch", "none"}) {
    const std::vector<std::string> keys{"prefill.overlap=" + overlap, "decode.overlap=" + overlap,
                                        "hardware=" + hardware};
    const cluster::FleetSpec spec =
        config::load_scenario(source_dir() + "/configs/quick.yaml", keys);
    all.push_back({overlap, spec, cluster::make_step_pricers(spec)});
  }
  return all;
}

const std::vector<Unit>& units() {
  static const std::vector<Unit> all = make_units("h800");
  return all;
}

double decode_s(const Unit& unit, std::vector<std::int32_t> requests, std::int32_t context) {
  std::vector<TokenParts32> kv;
  for (const std::int32_t n : requests) {
    kv.push_back(TokenParts32::from_tokens(n * context));
  }
  return base::to_seconds(unit.pricers.decode.price(requests, kv).duration);
}

double prefill_s(const Unit& unit, std::int32_t tokens, std::int32_t prefix, std::size_t busy) {
  std::vector<timing::PrefillLoad> loads(static_cast<std::size_t>(unit.spec.prefill.gpus));
  for (std::size_t g = 0; g < busy; ++g) {
    loads[g] = {tokens, prefix, 1, tokens * (prefix + tokens / 2.0)};
  }
  return base::to_seconds(unit.pricers.prefill.price(loads).duration);
}

TEST(StepPrice, ADecodeStepWithOneRequestLessNeverTakesLonger) {
  for (const Unit& unit : units()) {
    const auto gpus = static_cast<std::size_t>(unit.spec.decode.gpus);
    for (const std::int32_t context : {1, 500, 4'000, 30'000}) {
      double before = 0.0;
      std::vector<std::int32_t> requests(gpus, 0);
      for (std::int32_t n = 0; n < 128; ++n) {
        for (const std::size_t g : {std::size_t{0}, gpus / 2}) {  // some, then all GPUs have n + 1
          std::fill(requests.begin() + static_cast<std::ptrdiff_t>(g),
                    requests.begin() + static_cast<std::ptrdiff_t>(g == 0 ? gpus / 2 : gpus),
                    n + 1);
          const double step = decode_s(unit, requests, context);
          ASSERT_GE(step, before) << unit.overlap << ' ' << n << " requests of " << context;
          before = step;
        }
      }
    }
  }
}

// Tiles: some numbers of rows are slow (a saw-tooth, as measured), but never by much.
TEST(StepPrice, WithTilesLessWorkTakesAtMostATwelfthLonger) {
  for (const Unit& unit : make_units("h800-2025-06")) {
    double slowest = 0.0;
    for (std::int32_t n = 1; n <= 128; ++n) {
      const double step = decode_s(unit, std::vector(std::size_t{144}, n), 4'000);
      ASSERT_GE(step, slowest * 11.0 / 12.0) << unit.overlap << ' ' << n;
      slowest = std::max(slowest, step);
    }
    slowest = 0.0;
    for (std::int32_t tokens = 1; tokens <= 16'384; tokens += 1 + tokens / 40) {
      const double step = prefill_s(unit, tokens, 0, 32);
      ASSERT_GE(step, slowest * 11.0 / 12.0) << unit.overlap << ' ' << tokens;
      slowest = std::max(slowest, step);
    }
  }
}

TEST(StepPrice, ADecodeStepWithLessContextNeverTakesLonger) {
  for (const Unit& unit : units()) {
    for (const std::int32_t n : {1, 2, 17, 128}) {
      const std::vector<std::int32_t> requests(static_cast<std::size_t>(unit.spec.decode.gpus), n);
      double before = 0.0;
      for (std::int32_t context = 1; context < 30'000; context = context * 5 / 4 + 1) {
        const double step = decode_s(unit, requests, context);
        ASSERT_GE(step, before) << unit.overlap << ' ' << n << " requests of " << context;
        before = step;
      }
    }
  }
}

TEST(StepPrice, APrefillStepWithFewerTokensNeverTakesLonger) {
  for (const Unit& unit : units()) {
    for (const std::int32_t prefix : {0, 5'000, 100'000}) {
      for (const std::size_t busy : {std::size_t{1}, std::size_t{5}, std::size_t{32}}) {
        double before = 0.0;
        for (std::int32_t tokens = 1; tokens <= 16'384; tokens += 1 + tokens / 40) {
          const double step = prefill_s(unit, tokens, prefix, busy);
          ASSERT_GE(step, before) << unit.overlap << ' ' << tokens << " after " << prefix << " on "
                                  << busy;
          before = step;
        }
      }
    }
  }
}

TEST(StepPrice, APrefillStepWithLessBeforeItOrOnFewerGpusNeverTakesLonger) {
  for (const Unit& unit : units()) {
    for (const std::int32_t tokens : {1, 300, 4'000, 16'384}) {
      double before = 0.0;
      for (std::size_t busy = 1; busy <= 32; ++busy) {
        const double step = prefill_s(unit, tokens, 1'000, busy);
        ASSERT_GE(step, before) << unit.overlap << ' ' << tokens << " on " << busy;
        before = step;
      }
      for (std::int32_t prefix = 1'000; prefix < 120'000; prefix = prefix * 5 / 4) {
        const double step = prefill_s(unit, tokens, prefix, 32);
        ASSERT_GE(step, before) << unit.overlap << ' ' << tokens << " after " << prefix;
        before = step;
      }
    }
  }
}

// One token more a GPU, one request more on every GPU: at most 2 % and, in decode, which has whole
// requests in halves, a kernel's fixed times.
TEST(StepPrice, NoStepOfThePriceWhereLoadGrowsByOne) {
  for (const Unit& unit : units()) {
    const auto gpus = static_cast<std::size_t>(unit.spec.decode.gpus);
    for (std::int32_t n = 4; n < 128; ++n) {
      const double before = decode_s(unit, std::vector(gpus, n), 4'000);
      const double after = decode_s(unit, std::vector(gpus, n + 1), 4'000);
      EXPECT_LT(after, before * (1.0 + 1.5 / n) + 1e-3) << unit.overlap << ' ' << n;
    }
    for (std::int32_t tokens = 32; tokens < 16'384; tokens += 1 + tokens / 30) {
      EXPECT_LT(prefill_s(unit, tokens + 1, 0, 32), prefill_s(unit, tokens, 0, 32) * 1.02)
          << unit.overlap << ' ' << tokens;
    }
  }
}

TEST(StepPrice, NextToNothingTakesASmallPartOfAFullStep) {
  for (const Unit& unit : units()) {
    EXPECT_LT(prefill_s(unit, 1, 0, 1), 0.02 * prefill_s(unit, 16'384, 0, 32)) << unit.overlap;
    EXPECT_LT(prefill_s(unit, 128, 0, 32), 0.04 * prefill_s(unit, 16'384, 0, 32)) << unit.overlap;
    std::vector<std::int32_t> one(static_cast<std::size_t>(unit.spec.decode.gpus), 0);
    one[7] = 1;
    EXPECT_LT(decode_s(unit, one, 4'000),
              0.35 * decode_s(unit, std::vector(one.size(), 128), 4'000))
        << unit.overlap;
  }
}

}  // namespace
}  // namespace epfleet::test
