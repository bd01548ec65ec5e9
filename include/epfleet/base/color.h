// Whether a stream may be coloured.
#pragma once

#include <cstdio>

namespace epfleet::base {

// Only a terminal, and not with NO_COLOR set (no-color.org) or TERM=dumb.
[[nodiscard]] bool wants_color(std::FILE* out);

}  // namespace epfleet::base
