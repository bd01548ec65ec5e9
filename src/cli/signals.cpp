#include "signals.h"

#include <csignal>

namespace epfleet::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<int> received{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "only lock-free atomics may be touched in a signal handler");

extern "C" void ask_to_stop(int signal) {
  received.store(signal);
  stop.store(true);
  // The second one ends the program; but a terminal that is closed may tell it twice.
  std::signal(signal, signal == SIGHUP ? SIG_IGN : SIG_DFL);
}

}  // namespace

const std::atomic<bool>& stop_on_signals() {
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  if (std::signal(SIGHUP, ask_to_stop) == SIG_IGN) {
    std::signal(SIGHUP, SIG_IGN);  // nohup
  }
  return stop;
}

int signal_received() { return received.load(); }

}  // namespace epfleet::cli
