// How far a sweep is, on stderr: cases done and failed, time left. On a terminal one line is
// rewritten; elsewhere a new line comes every ten seconds at most.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "epfleet/experiment/sweep.h"
#include "progress_bar.h"

namespace epfleet::cli {

// The line itself. `elapsed` is wall time since the sweep began; what was stored before took none
// of it.
[[nodiscard]] std::string sweep_progress_line(const experiment::SweepProgress& progress,
                                              std::chrono::duration<double> elapsed);

class SweepProgressLine {
 public:
  explicit SweepProgressLine(ProgressMode mode, std::FILE* out = stderr);
  SweepProgressLine(const SweepProgressLine&) = delete;
  SweepProgressLine& operator=(const SweepProgressLine&) = delete;
  ~SweepProgressLine();  // leaves the terminal on a fresh line

  void update(const experiment::SweepProgress& progress);

 private:
  using WallClock = std::chrono::steady_clock;

  std::FILE* out_;
  bool shown_;
  bool rewrites_;
  bool open_line_ = false;
  WallClock::time_point started_, last_;
};

}  // namespace epfleet::cli
