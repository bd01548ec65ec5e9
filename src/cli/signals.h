// Ctrl-C, a polite kill, a terminal that is closed: the first one asks the run to end with what it
// has, the second one ends it.
#pragma once

#include <atomic>

namespace epfleet::cli {

// Installs the handlers for SIGINT, SIGTERM and SIGHUP; the flag becomes true when one arrives.
const std::atomic<bool>& stop_on_signals();

// The signal that arrived, or 0.
[[nodiscard]] int signal_received();

}  // namespace epfleet::cli
