#include "epfleet/base/worker.h"

#include <chrono>
#include <utility>

namespace epfleet::base {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kYields = 1000;                               // 0.6 ms where the core is free
constexpr auto kLateYield = std::chrono::microseconds(50);  // another thread had the core

// Returns the counter once it is at least `least`. A yield that comes back late means a busy
// machine, where a thread that sleeps is run again sooner than one that yields.
std::uint64_t wait_for(const std::atomic<std::uint64_t>& counter, std::uint64_t least) {
  std::uint64_t now = counter.load(std::memory_order_acquire);
  Clock::time_point before = now < least ? Clock::now() : Clock::time_point{};
  for (int i = 0; now < least && i < kYields; ++i) {
    std::this_thread::yield();
    now = counter.load(std::memory_order_acquire);
    const Clock::time_point after = Clock::now();
    if (after - before > kLateYield) {
      break;
    }
    before = after;
  }
  while (now < least) {
    counter.wait(now, std::memory_order_acquire);
    now = counter.load(std::memory_order_acquire);
  }
  return now;
}

void raise(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_release);
  counter.notify_one();
}

}  // namespace

Worker::Worker() : thread_([this] { serve(); }) {}

Worker::~Worker() { start({}); }

Worker::Ticket Worker::start(Job job) {
  const Ticket ticket = started_.load(std::memory_order_relaxed) + 1;
  if (ticket > kJobs) {
    wait_for(done_, ticket - kJobs);
  }
  jobs_[ticket % kJobs] = std::move(job);
  raise(started_);
  return ticket;
}

void Worker::wait(Ticket ticket) {
  wait_for(done_, ticket);
  if (failed_.load(std::memory_order_acquire)) {
    std::rethrow_exception(failure_);
  }
}

void Worker::settle(Ticket ticket) const noexcept { wait_for(done_, ticket); }

void Worker::serve() {
  for (Ticket next = 1;; ++next) {
    wait_for(started_, next);
    const Job& job = jobs_[next % kJobs];
    if (!job) {
      return;
    }
    if (!failed_.load(std::memory_order_relaxed)) {
      try {
        job();
      } catch (...) {
        failure_ = std::current_exception();
        failed_.store(true, std::memory_order_release);
      }
    }
    raise(done_);
  }
}

}  // namespace epfleet::base
