#include "epfleet/base/worker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace epfleet::base {
namespace {

TEST(Worker, DoesJobsInOrderAndTheCallerSeesWhatTheyWrote) {
  Worker worker;
  std::vector<int> done;  // the worker's until a ticket was waited for
  for (int round = 0; round < 200; ++round) {
    Worker::Ticket last = 0;
    for (int i = 0; i < 40; ++i) {  // more than fit under way
      last = worker.start([&done, round, i] { done.push_back(40 * round + i); });
    }
    worker.wait(last);
    ASSERT_EQ(done.size(), 40U * (static_cast<std::size_t>(round) + 1));
  }
  for (std::size_t i = 0; i < done.size(); ++i) {
    ASSERT_EQ(done[i], static_cast<int>(i));
  }
  worker.wait(0);
}

// A thread stays awake for 200 microseconds at most, then it sleeps.
TEST(Worker, EitherSideIsWokenFromItsSleep) {
  constexpr auto kLong = std::chrono::milliseconds(50);
  Worker worker;
  std::this_thread::sleep_for(kLong);  // the worker sleeps
  int done = 0;
  worker.wait(worker.start([&done, kLong] {
    std::this_thread::sleep_for(kLong);  // the caller sleeps
    ++done;
  }));
  EXPECT_EQ(done, 1);
}

TEST(Worker, EndsAfterAllItsJobs) {
  int done = 0;
  {
    Worker worker;
    for (int i = 0; i < 10; ++i) {
      worker.start([&done] { ++done; });
    }
  }
  EXPECT_EQ(done, 10);
}

TEST(Worker, AFailureIsToldAtEveryWaitAndLaterJobsAreDropped) {
  Worker worker;
  bool later = false;
  const Worker::Ticket failing = worker.start([] { throw std::runtime_error("disk full"); });
  const Worker::Ticket after = worker.start([&later] { later = true; });
  EXPECT_THROW(worker.wait(failing), std::runtime_error);
  EXPECT_THROW(worker.wait(after), std::runtime_error);
  worker.settle(after);
  EXPECT_FALSE(later);
}

TEST(Worker, BothRunWithAndWithoutAWorker) {
  Worker worker;
  for (Worker* with : {&worker, static_cast<Worker*>(nullptr)}) {
    int aside = 0, here = 0;
    Worker::both(with, [&] { aside = 1; }, [&] { here = 2; });
    EXPECT_EQ(aside + here, 3);
  }
}

TEST(Worker, WhatFailsHereDoesNotLeaveTheOtherHalfBehind) {
  Worker worker;
  int aside = 0;
  EXPECT_THROW(Worker::both(
                   &worker, [&] { aside = 1; }, [] { throw std::runtime_error("no memory"); }),
               std::runtime_error);
  EXPECT_EQ(aside, 1);
  worker.wait(worker.start([] {}));  // the worker is as good as before
}

}  // namespace
}  // namespace epfleet::base
