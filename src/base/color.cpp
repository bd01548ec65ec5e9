#include "epfleet/base/color.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace epfleet::base {

bool wants_color(std::FILE* out) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const int fd = ::fileno(out);
  return fd >= 0 && ::isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace epfleet::base
