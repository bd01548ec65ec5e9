#include "epfleet/base/remembered.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace epfleet::base {
namespace {

TEST(Remembered, AsksOnceForWhatIsKnown) {
  Remembered<int, std::string> squares(2);
  int computed = 0;
  const auto square = [&](int of) {
    return squares.get(of, [&] {
      ++computed;
      return std::to_string(of * of);
    });
  };
  EXPECT_EQ(square(3), "9");
  EXPECT_EQ(square(3), "9");
  EXPECT_EQ(computed, 1);
  EXPECT_EQ(square(4), "16");
  EXPECT_EQ(square(3), "9");
  EXPECT_EQ(computed, 2);
}

TEST(Remembered, ForgetsTheOldest) {
  Remembered<int, int> latest(2);
  int computed = 0;
  for (const int question : {1, 2, 3, 2, 1}) {
    EXPECT_EQ(latest.get(question, [&] { return ++computed, 10 * question; }), 10 * question);
  }
  EXPECT_EQ(computed, 4);
}

TEST(Remembered, AnExceptionIsNoAnswer) {
  Remembered<int, int> latest(2);
  EXPECT_THROW((void)latest.get(1, []() -> int { throw std::runtime_error("no"); }),
               std::runtime_error);
  EXPECT_EQ(latest.get(1, [] { return 7; }), 7);
}

TEST(Remembered, ThreadsMayAsk) {
  Remembered<int, int> latest(4);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(latest.get(i % 8, [&] { return -(i % 8); }), -(i % 8));
      }
    });
  }
}

}  // namespace
}  // namespace epfleet::base
