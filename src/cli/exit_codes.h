// What the program says with its exit code.
#pragma once

namespace epfleet::cli {

enum ExitCode : int {
  kDone = 0,
  kSomeCasesFailed = 1,
  kWrongInput = 2,
  kBrokenInvariant = 70,  // EX_SOFTWARE
  kMachineFailed = 74,    // EX_IOERR
  kSignalBase = 128,      // 130 for Ctrl-C, 143 for a polite kill
};

// The exit code of a command that a signal may have ended early (0: none did).
inline int exit_code(int signal) { return signal == 0 ? kDone : kSignalBase + signal; }

}  // namespace epfleet::cli
