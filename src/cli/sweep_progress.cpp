#include "sweep_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "epfleet/report/human_numbers.h"

namespace epfleet::cli {
namespace {

constexpr auto kLineEvery = std::chrono::seconds(10);

}  // namespace

std::string sweep_progress_line(const experiment::SweepProgress& progress,
                                std::chrono::duration<double> elapsed) {
  const auto done_now = static_cast<double>(progress.done - progress.kept);
  const auto left = static_cast<double>(progress.jobs - progress.done);
  std::string line = fmt::format("{} of {} cases", progress.done, progress.jobs);
  if (progress.kept > 0) {
    line += fmt::format(" ({} done before)", progress.kept);
  }
  if (progress.failed > 0) {
    line += fmt::format(", {} failed", progress.failed);
  }
  if (left > 0.0 && done_now > 0.0) {
    line += fmt::format(", {} left", report::human_duration(elapsed.count() / done_now * left));
  } else if (left == 0.0) {
    line += fmt::format(", took {}", report::human_duration(elapsed.count()));
    const double offered = elapsed.count() * static_cast<double>(progress.workers);
    if (done_now > 0.0 && offered > 0.0) {
      line += fmt::format(", {} of {} workers' time at work",
                          report::human_percent(std::min(
                              1.0, progress.busy / std::chrono::duration<double>(offered))),
                          progress.workers);
    }
  }
  return line;
}

SweepProgressLine::SweepProgressLine(ProgressMode mode, std::FILE* out)
    : out_(out), shown_(mode != ProgressMode::Off), rewrites_(::isatty(::fileno(out)) == 1) {
  started_ = WallClock::now();
  last_ = started_;
}

SweepProgressLine::~SweepProgressLine() {
  if (open_line_) {
    fmt::print(out_, "\n");
  }
}

void SweepProgressLine::update(const experiment::SweepProgress& progress) {
  const auto now = WallClock::now();
  const bool last = progress.done == progress.jobs;
  if (!shown_ || !(rewrites_ || last || now - last_ >= kLineEvery)) {
    return;
  }
  const std::string line = sweep_progress_line(progress, now - started_);
  fmt::print(out_, "{}{}{}", rewrites_ ? "\r" : "", line, rewrites_ ? "\033[K" : "\n");
  std::fflush(out_);
  open_line_ = rewrites_;
  last_ = now;
}

}  // namespace epfleet::cli
