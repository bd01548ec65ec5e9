#include "epfleet/base/baton.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace epfleet::base {
namespace {

TEST(Baton, TwoThreadsTakeTurnsAndSeeEachOthersWork) {
  Baton baton;
  std::vector<int> written;
  std::jthread worker([&] {
    while (baton.wait_while(Baton::Owner::Caller) == Baton::Owner::Worker) {
      written.push_back(2 * static_cast<int>(written.size()));
      baton.pass_to(Baton::Owner::Caller);
    }
  });
  constexpr int kTurns = 2000;
  for (int turn = 0; turn < kTurns; ++turn) {
    baton.pass_to(Baton::Owner::Worker);
    EXPECT_EQ(baton.wait_while(Baton::Owner::Worker), Baton::Owner::Caller);
    ASSERT_EQ(written.size(), static_cast<std::size_t>(2 * turn + 1));
    written.push_back(0);
  }
  baton.pass_to(Baton::Owner::Nobody);
}

TEST(Baton, WakesOneThatHasGoneToSleep) {
  Baton baton;
  std::jthread worker([&] {
    EXPECT_EQ(baton.wait_while(Baton::Owner::Caller), Baton::Owner::Worker);
    baton.pass_to(Baton::Owner::Nobody);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  baton.pass_to(Baton::Owner::Worker);
  EXPECT_EQ(baton.wait_while(Baton::Owner::Worker), Baton::Owner::Nobody);
}

}  // namespace
}  // namespace epfleet::base
