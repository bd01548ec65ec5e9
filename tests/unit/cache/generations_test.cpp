#include "epfleet/cache/generations.h"

#include <gtest/gtest.h>

namespace epfleet::cache {
namespace {

using base::TimePoint;
using namespace std::chrono_literals;

// Cells of one second are [k, k + 1) s, also before zero.
TEST(Generations, OneForEverySecondOfUse) {
  Generations generations;
  const GenerationId a = generations.at(TimePoint(-1ns));
  const GenerationId b = generations.at(TimePoint(0ns));
  EXPECT_NE(a, b);
  EXPECT_EQ(generations.at(TimePoint(999'999'999ns)), b);
  EXPECT_NE(generations.at(TimePoint(1s)), b);
}

// 10 + 20 + 30 tokens with room for 50: the oldest goes, whole.
TEST(Generations, EvictsTheOldestWhole) {
  Generations generations;
  const GenerationId a = generations.at(TimePoint(0s));
  generations.add(a, 10);
  const GenerationId b = generations.at(TimePoint(7s));
  generations.add(b, 20);
  generations.add(generations.at(TimePoint(8s)), 30);
  generations.evict_to(50);
  EXPECT_FALSE(generations.alive(a));
  EXPECT_TRUE(generations.alive(b));
  EXPECT_EQ(generations.stored_tokens(), 50);
}

// What is used in the second whose earlier uses were evicted is a new generation, and alive.
TEST(Generations, AnEvictedSecondOpensAgain) {
  Generations generations;
  const GenerationId first = generations.at(TimePoint(0s));
  generations.add(first, 60);
  generations.evict_to(50);
  EXPECT_EQ(generations.stored_tokens(), 0);
  const GenerationId second = generations.at(TimePoint(1ms));
  EXPECT_FALSE(generations.alive(first));
  EXPECT_TRUE(generations.alive(second));
}

// The uses of second 0 are all before 1 s, so expiry at 1 s takes it and expiry at 1 s - 1 ns not.
TEST(Generations, ExpiresWhenItsLastMomentIsTooOld) {
  Generations generations;
  const GenerationId a = generations.at(TimePoint(500ms));
  generations.add(a, 10);
  generations.expire(TimePoint(1s - 1ns));
  EXPECT_TRUE(generations.alive(a));
  generations.expire(TimePoint(1s));
  EXPECT_FALSE(generations.alive(a));
  EXPECT_EQ(generations.stored_tokens(), 0);
}

// Taken out twice: the sum is right, the generation is not.
TEST(Generations, AWrongOneIsNamed) {
  Generations generations;
  const GenerationId a = generations.at(TimePoint(0s));
  generations.add(a, 10);
  generations.add(generations.at(TimePoint(7s)), 20);
  base::SumCheck right;
  generations.check_sums(right);
  EXPECT_EQ(right.difference(), std::nullopt);
  generations.add(a, -10);
  generations.add(a, -10);
  base::SumCheck wrong;
  generations.check_sums(wrong);
  EXPECT_EQ(wrong.difference(), "generation 1: tokens stored is -10, a part of it alone is 0");
}

TEST(Generations, NeverStoredIsNotAlive) {
  Generations generations;
  EXPECT_FALSE(generations.alive(kNeverStored));
}

}  // namespace
}  // namespace epfleet::cache
