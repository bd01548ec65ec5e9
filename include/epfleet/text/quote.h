// Texts as other formats write them.
#pragma once

#include <string>
#include <string_view>

namespace epfleet::text {

// One field of a CSV file: in quotes if it has a comma, a quote or a line end.
[[nodiscard]] std::string csv_field(std::string_view text);

// A JSON string, quotes included. YAML reads it, too.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace epfleet::text
