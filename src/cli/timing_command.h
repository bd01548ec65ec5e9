// `epfleet timing decode` and `epfleet timing prefill`: load, price single steps, show.
#pragma once

#include <cstdint>
#include <string>

namespace epfleet::cli {

// "4096", "4k" (4 x 1,024). `option` is named where the text is refused: below 1, above 2^30, or no
// whole number.
[[nodiscard]] std::int64_t parse_count(const std::string& option, const std::string& text);

}  // namespace epfleet::cli
