// The reference pages of the documentation: docs/keys.md and docs/metrics.md are what these print.
#pragma once

#include <string>

namespace epfleet::cli {

[[nodiscard]] std::string keys_page();
[[nodiscard]] std::string metrics_page();

}  // namespace epfleet::cli
