#include "commands.h"

#include <fmt/format.h>

#include "epfleet/report/terminal_style.h"
#include "epfleet/text/prose.h"

namespace epfleet::cli {

void show(std::string text) {
  const report::TerminalStyle style = report::terminal_style(stdout);
  if (style.is_terminal) {
    text = text::wrapped_page(text, style.width);
  }
  fmt::print("{}", text::in_locale(std::move(text)));
}

}  // namespace epfleet::cli
