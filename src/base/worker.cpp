#include "epfleet/base/worker.h"

#include <chrono>
#include <utility>

namespace epfleet::base {
namespace {

// Most waits of the published day end sooner. To wake a sleeper is a call of the kernel for the
// other: 5 % of the simulation when this was a tenth (bench/README.md).
constexpr std::chrono::microseconds kAwake{200};
constexpr int kPausesPerLook = 32;  // at the clock

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

bool has_come(const std::atomic<std::uint32_t>& counter, std::uint32_t least) {
  return counter.load(std::memory_order_acquire) >= least;
}

// Looks for kAwake at most; whether the counter is at least `least` then.
bool comes_soon(const std::atomic<std::uint32_t>& counter, std::uint32_t least) {
  const auto sleeps_at = std::chrono::steady_clock::now() + kAwake;
  while (std::chrono::steady_clock::now() < sleeps_at) {
    for (int i = 0; i < kPausesPerLook; ++i) {
      pause();
      if (has_come(counter, least)) {
        return true;
      }
    }
  }
  return false;
}

// Returns once the counter is at least `least`.
void wait_for(const std::atomic<std::uint32_t>& counter, std::uint32_t least, Patience& patience) {
  if (has_come(counter, least)) {
    return;
  }
  if (patience.stays_awake() && comes_soon(counter, least)) {
    patience.met_awake();
    return;
  }
  patience.slept();
  for (auto now = counter.load(std::memory_order_acquire); now < least;
       now = counter.load(std::memory_order_acquire)) {
    counter.wait(now, std::memory_order_acquire);
  }
}

// Costs a call of the kernel only if the other sleeps.
void raise(std::atomic<std::uint32_t>& counter) {
  counter.fetch_add(1, std::memory_order_release);
  counter.notify_one();
}

}  // namespace

Worker::Worker() : thread_([this] { serve(); }) {}

Worker::~Worker() { start({}); }

Worker::Ticket Worker::start(Job job) {
  const Ticket ticket = started_.load(std::memory_order_relaxed) + 1;
  constexpr Ticket kUnderWay = kJobs;
  if (ticket > kUnderWay) {
    wait_for(done_, ticket - kUnderWay, patience_);
  }
  jobs_[ticket % kJobs] = std::move(job);
  raise(started_);
  return ticket;
}

void Worker::wait(Ticket ticket) {
  wait_for(done_, ticket, patience_);
  if (failed_.load(std::memory_order_acquire)) {
    std::rethrow_exception(failure_);
  }
}

void Worker::settle(Ticket ticket) const noexcept {
  Patience patience;
  wait_for(done_, ticket, patience);
}

void Worker::serve() {
  Patience patience;
  for (Ticket next = 1;; ++next) {
    wait_for(started_, next, patience);
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
