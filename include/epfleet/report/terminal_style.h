// How text looks where it goes: colour, and columns.
#pragma once

#include <cstddef>
#include <cstdio>

namespace epfleet::report {

struct TerminalStyle {
  bool color = false;
  std::size_t width = 100;   // columns; lines are never longer. REQUIRES: >= 60
  bool is_terminal = false;  // else a file or a pipe
};

// Colour only on a terminal, and not with NO_COLOR set (no-color.org) or TERM=dumb. The width is
// the terminal's, from 60 to 100.
[[nodiscard]] TerminalStyle terminal_style(std::FILE* out);

}  // namespace epfleet::report
