// The reference pages of docs/ in Markdown, from the tables that `epfleet explain` reads.
#pragma once

#include <string>

namespace epfleet::cli {

[[nodiscard]] std::string keys_page();         // docs/keys.md
[[nodiscard]] std::string metrics_page();      // docs/metrics.md
[[nodiscard]] std::string equivalents_page();  // docs/equivalents.md

}  // namespace epfleet::cli
