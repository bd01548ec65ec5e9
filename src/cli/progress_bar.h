// One line on stderr that says how far a run is: simulated time, percent, speed, requests, time
// left. On a terminal the line is rewritten, at most ten times a second; elsewhere a new line comes
// every ten seconds, so that a log file stays readable. A failing stderr is ignored: a run does not
// die of its progress bar. Wall time never reaches a result.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "epfleet/base/time.h"

namespace epfleet::cli {

// Auto says nothing of a run that ends within ten seconds off a terminal; On tells its end.
enum class ProgressMode { Auto, On, Off };

struct Progress {
  base::TimePoint now;        // simulated; negative in the warm-up
  std::int64_t requests = 0;  // arrived so far
};

class ProgressBar {
 public:
  using WallClock = std::chrono::steady_clock;

  // `from` is the run's start (warm-up included), `to` its end. `wall` is replaced in tests.
  ProgressBar(base::TimePoint from, base::TimePoint to, ProgressMode mode, std::FILE* out = stderr,
              std::function<WallClock::time_point()> wall = WallClock::now);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();  // leaves the terminal on a fresh line

  // Cheap when it is too early to show anything; call it often.
  void update(const Progress& progress);

  // The last state, once, whatever the time.
  void finish(const Progress& progress);

 private:
  void show(const Progress& progress, WallClock::time_point now);

  base::TimePoint from_, to_;
  std::FILE* out_;
  std::function<WallClock::time_point()> wall_;
  bool shown_;
  bool rewrites_;
  bool tells_end_;
  bool open_line_ = false;
  WallClock::time_point started_, last_;
};

// The line itself, at most `width` columns; `elapsed` is wall time.
[[nodiscard]] std::string progress_line(base::TimePoint from, base::TimePoint to,
                                        const Progress& progress,
                                        std::chrono::duration<double> elapsed, std::size_t width);

}  // namespace epfleet::cli
