#include "commands.h"

#include <fmt/format.h>

#include "epfleet/text/prose.h"

namespace epfleet::cli {

void show(std::string text) { fmt::print("{}", text::in_locale(std::move(text))); }

}  // namespace epfleet::cli
