#include "epfleet/base/random.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace epfleet::base {
namespace {

// Neighbouring seeds, entities and indices, and the streams of the model: 64-bit words that are
// drawn independently coincide with a chance of 2e-9 here.
TEST(Stream, NoTwoOfSeedNameEntityAndIndexStartAlike) {
  std::set<std::uint64_t> first, second;
  std::size_t streams = 0;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    for (const std::string name : {"prefill.balancer.gpu", "decode.balancer.gpu",
                                   "workload.first_turn", "workload.later_turn", "a", "b", ""}) {
      const StreamFamily family(seed, name);
      for (std::uint64_t entity = 0; entity < 64; ++entity) {
        for (std::uint64_t index = 0; index < 16; ++index) {
          Stream stream(family, entity, index);
          first.insert(stream.bits());
          second.insert(stream.bits());
          ++streams;
        }
      }
    }
  }
  EXPECT_EQ(first.size(), streams);
  EXPECT_EQ(second.size(), streams);
  second.merge(first);
  EXPECT_EQ(second.size(), 2 * streams);  // none is another, one draw on
}

}  // namespace
}  // namespace epfleet::base
