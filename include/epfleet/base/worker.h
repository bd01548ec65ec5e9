// A second thread that does jobs for one caller, in the order in which they were given, while the
// caller goes on: the one way in which work leaves the simulating thread.
// A thread that waits stays awake for a moment before it sleeps, where that helps (patience.h); the
// other wakes it only if it does. Yielding instead cost the second core two thirds of its time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>

#include "epfleet/base/patience.h"

namespace epfleet::base {

class Worker {
 public:
  using Job = std::function<void()>;
  // Jobs are counted from 1; 0: one that is done already. Four billion are those of a century.
  using Ticket = std::uint32_t;

  Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // After all jobs that were started.
  ~Worker();

  // What the caller wrote before is seen by the job. Waits while too many jobs are under way.
  Ticket start(Job job);

  // Returns when the job is done; what it wrote is seen. Throws what a job has thrown, now and at
  // every later call; the jobs after it are dropped.
  void wait(Ticket ticket);
  // As wait(), without a word about failures: for destructors.
  void settle(Ticket ticket) const noexcept;

  // Does `aside` on the worker and `here` on the caller's thread, or both here without a worker.
  template <class Aside, class Here>
  static void both(Worker* worker, const Aside& aside, const Here& here) {
    if (worker == nullptr) {
      aside();
      here();
      return;
    }
    const Ticket ticket = worker->start([&aside] { aside(); });
    try {
      here();
    } catch (...) {
      worker->settle(ticket);  // it uses what is about to go
      throw;
    }
    worker->wait(ticket);
  }

 private:
  static constexpr std::size_t kJobs = 16;  // under way at most

  void serve();

  std::array<Job, kJobs> jobs_;  // a ring; an empty job is the last
  Patience patience_;            // the caller's
  std::exception_ptr failure_;   // the worker's until done_ has passed the job that failed
  std::atomic<bool> failed_{false};
  std::atomic<Ticket> started_{0}, done_{0};
  std::jthread thread_;  // last: starts when all else is there, ends before it goes
};

}  // namespace epfleet::base
