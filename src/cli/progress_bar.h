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
  bool ended = false;         // else, past the window, its last requests are waited for
};

// A line that says how far something is: rewritten on a terminal, elsewhere one line after another.
class StatusLine {
 public:
  using WallClock = std::chrono::steady_clock;

  explicit StatusLine(std::FILE* out, std::function<WallClock::time_point()> wall = WallClock::now);
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine() { end(); }  // leaves the terminal on a fresh line

  [[nodiscard]] bool rewrites() const { return rewrites_; }
  [[nodiscard]] std::size_t width() const;  // of a line, at most
  [[nodiscard]] WallClock::duration elapsed() const { return wall_() - started_; }
  // Whether the last line is long enough ago: 0.1 s on a terminal, elsewhere 10 s.
  [[nodiscard]] bool is_due() const;
  void write(const std::string& line);
  void end();

 private:
  std::FILE* out_;
  std::function<WallClock::time_point()> wall_;
  bool rewrites_;
  bool open_ = false;
  WallClock::time_point started_, last_;
};

class ProgressBar {
 public:
  using WallClock = StatusLine::WallClock;

  // `from` is the run's start (warm-up included), `to` its end. `wall` is replaced in tests.
  ProgressBar(base::TimePoint from, base::TimePoint to, ProgressMode mode, std::FILE* out = stderr,
              std::function<WallClock::time_point()> wall = WallClock::now);

  // Cheap when it is too early to show anything; call it often.
  void update(const Progress& progress);

  // The last state, once, whatever the time.
  void finish(Progress progress);

 private:
  void show(const Progress& progress);

  base::TimePoint from_, to_;
  StatusLine line_;
  bool shown_;
  bool tells_end_;
};

// The line itself, at most `width` columns; `elapsed` is wall time.
[[nodiscard]] std::string progress_line(base::TimePoint from, base::TimePoint to,
                                        const Progress& progress,
                                        std::chrono::duration<double> elapsed, std::size_t width);

}  // namespace epfleet::cli
