#include "progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "epfleet/report/human_numbers.h"
#include "epfleet/report/terminal_style.h"
#include "epfleet/text/prose.h"

namespace epfleet::cli {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr auto kRewriteEvery = std::chrono::milliseconds(100);
constexpr auto kLineEvery = std::chrono::seconds(10);
// A wrapped line cannot be rewritten.
constexpr std::size_t kLineWidth = 79;
constexpr std::size_t kBarWidth = 20;

// Before this share of a run nothing is known about its speed.
constexpr double kEstimateFrom = 0.001;

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  std::string text;
  for (std::size_t i = 0; i < kBarWidth; ++i) {
    text += i < full ? "█" : "░";
  }
  return text;
}

// A dumb terminal clears no line.
bool can_rewrite(std::FILE* out) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(out)) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

std::size_t StatusLine::width() const {
  return std::min(kLineWidth, report::terminal_style(out_).width - 1);
}

std::string progress_line(base::TimePoint from, base::TimePoint to, const Progress& progress,
                          Seconds elapsed, std::size_t width) {
  const double whole = base::to_seconds(to - from);
  const double simulated = base::to_seconds(progress.now - from);
  const double share = whole > 0.0 ? std::clamp(simulated / whole, 0.0, 1.0) : 1.0;
  const double wall = elapsed.count();
  const std::string speed = wall > 0.0 ? report::grouped(std::max(1.0, simulated / wall)) : "-";
  const std::string left = share < kEstimateFrom || wall <= 0.0
                               ? "-"
                               : report::human_duration(wall * (1.0 - share) / share);
  const std::vector<std::string> parts{
      fmt::format("{:3.0f} %", share * 100.0),
      report::human_duration(base::to_seconds(progress.now)) + " simulated", speed + "x",
      report::human_count(static_cast<double>(progress.requests)) + " requests",
      progress.ended ? "took " + report::human_duration(wall)
      : share >= 1.0 ? "until the last requests have ended"
                     : left + " left"};
  std::string line = bar(share);
  for (const std::string& part : parts) {
    const std::string longer = line + "  " + part;
    if (report::display_width(longer) > width) {
      break;  // the most telling parts come first
    }
    line = longer;
  }
  return line;
}

StatusLine::StatusLine(std::FILE* out, std::function<WallClock::time_point()> wall)
    : out_(out), wall_(std::move(wall)), rewrites_(can_rewrite(out)) {
  started_ = last_ = wall_();
}

bool StatusLine::is_due() const {
  return wall_() - last_ >= (rewrites_ ? WallClock::duration(kRewriteEvery) : kLineEvery);
}

void StatusLine::write(const std::string& line) {
  // \033[K clears what a longer line before left behind.
  const std::string text =
      text::in_locale((rewrites_ ? "\r" : "") + line + (rewrites_ ? "\033[K" : "\n"));
  std::fputs(text.c_str(), out_);  // where it cannot be written, nobody looks
  std::fflush(out_);
  open_ = rewrites_;
  last_ = wall_();
}

void StatusLine::end() {
  if (std::exchange(open_, false)) {
    std::fputs("\n", out_);
  }
}

ProgressBar::ProgressBar(base::TimePoint from, base::TimePoint to, ProgressMode mode,
                         std::FILE* out, std::function<WallClock::time_point()> wall)
    : from_(from),
      to_(to),
      line_(out, std::move(wall)),
      shown_(mode != ProgressMode::Off),
      tells_end_(mode == ProgressMode::On || line_.rewrites()) {}

void ProgressBar::update(const Progress& progress) {
  if (shown_ && line_.is_due()) {
    show(progress);
  }
}

void ProgressBar::finish(Progress progress) {
  if (shown_ && tells_end_) {
    progress.ended = true;
    show(progress);
    line_.end();
  }
  shown_ = false;
}

void ProgressBar::show(const Progress& progress) {
  line_.write(progress_line(from_, to_, progress, line_.elapsed(), line_.width()));
  tells_end_ = true;
}

}  // namespace epfleet::cli
