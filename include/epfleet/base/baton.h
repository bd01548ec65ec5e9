// Two threads that take turns: one owner passes the baton and works on, the other waits for it.
// A thread that waits keeps its processor awake for a while (it yields, so that others may run)
// before it sleeps: to wake a sleeping thread costs the waker several microseconds, most of them
// for a processor that had gone idle, and turns of a fraction of a millisecond come back sooner.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace epfleet::base {

class Baton {
 public:
  enum class Owner : std::uint32_t { Caller, Worker, Nobody };  // Nobody: the end

  // What the passing thread wrote before is seen by the thread that waits for it.
  void pass_to(Owner next) {
    owner_.store(next, std::memory_order_release);
    owner_.notify_all();
  }

  // Returns when the baton is no longer `other`'s, with whom it is.
  Owner wait_while(Owner other) const {
    for (int i = 0; i < kYields; ++i) {
      const Owner now = owner_.load(std::memory_order_acquire);
      if (now != other) {
        return now;
      }
      std::this_thread::yield();
    }
    owner_.wait(other, std::memory_order_acquire);
    return owner_.load(std::memory_order_acquire);
  }

 private:
  static constexpr int kYields = 1000;  // 0.6 ms here, where nobody else wants the core

  std::atomic<Owner> owner_{Owner::Caller};
};

}  // namespace epfleet::base
