#include "epfleet/report/terminal_style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "epfleet/base/color.h"

namespace epfleet::report {
namespace {

constexpr std::size_t kNarrowest = 60;
constexpr std::size_t kWidest = 100;

}  // namespace

TerminalStyle terminal_style(std::FILE* out) {
  TerminalStyle style;
  const int fd = ::fileno(out);
  if (fd < 0 || ::isatty(fd) != 1) {
    return style;
  }
  style.is_terminal = true;
  style.color = base::wants_color(out);
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = std::clamp<std::size_t>(size.ws_col, kNarrowest, kWidest);
  }
  return style;
}

}  // namespace epfleet::report
