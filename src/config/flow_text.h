// A value as written, on one line again: what --set takes.
#pragma once

#include <string>

#include "document.h"

namespace epfleet::config {

// A YAML flow value that reads as the same tree.
[[nodiscard]] std::string flow_text(const Node& node);

}  // namespace epfleet::config
